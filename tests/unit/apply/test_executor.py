"""``apply`` on a machine in memory: what it writes, and what it restores."""

from __future__ import annotations

import dataclasses
import ipaddress
from pathlib import Path

import pytest

from omprog_panic.apply.executor import (
    ApplyError,
    check_plan,
    execute_plan,
    is_applicable,
    plan_for,
    unapplied_files,
)
from omprog_panic.apply.plan import ALLOWED, FILTER, FIREWALL, Plan
from omprog_panic.config.model import PublicConfig, Receive, Reception
from omprog_panic.config.schema import with_defaults
from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.iptables import FirewallError
from omprog_panic.firewall.rules import CHAIN
from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.machine import CommandResult
from omprog_panic.rsyslog.daemon import HUP_MARK, VALUES_PROGRAM
from omprog_panic.rsyslog.dropin import ETC, Values, value_files
from tests.unit.firewall.fake_iptables import add_iptables

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)
RACK = ListedSender("rack", (ipaddress.ip_network("10.3.0.0/24"),))
RECEPTION = Reception((DB07,), Receive("*", 6666))


class Monitor:
    """A machine with the package; ``breaks`` names the command that fails once."""

    def __init__(self) -> None:
        self.machine = FakeMachine()
        self.machine.files["/etc/rsyslog.conf"] = 'module(load="imuxsock")\n'
        for name, text in value_files(Values()).items():
            self.machine.files[f"{ETC}/rsyslog/{name}"] = text
        self.machine.files["/proc/stat"] = "cpu 1\nbtime 1000000\n"
        self.machine.start_process(300, "rsyslogd", "/usr/sbin/rsyslogd", "-n")
        self.machine.links["/proc/300/fd/5"] = "socket:[42]"
        self.binds = True
        self._bind()
        self.breaks = ""
        self.steps: list[str] = []
        self.errors_now: list[str] = []
        self.errors_then: list[str] = []
        self.firewalls = add_iptables(self.machine)
        for name in (VALUES_PROGRAM, "systemctl"):
            self.machine.programs[name] = self._step
        self.machine.programs["sh"] = self._validate_then
        self.machine.programs["/usr/sbin/rsyslogd"] = self._validate_now

    @property
    def files(self) -> dict[str, str]:
        return self.machine.files

    def _bind(self) -> None:
        """Open the socket that the files ask for, as a start of rsyslogd does."""
        address = self.files[f"{ETC}/rsyslog/address"].replace("*", "0.0.0.0")  # noqa: S104
        text = ipaddress.ip_address(address).packed[::-1].hex().upper()
        self.machine.close_udp()
        self.machine.bind_udp(int(self.files[f"{ETC}/rsyslog/port"]), 42, address=text)

    def _step(self, argv: tuple[str, ...], _: str) -> CommandResult:
        if argv[1:2] in {("is-active",), ("reset-failed",)}:
            return CommandResult(argv)
        step = STEPS[argv[1] if len(argv) > 1 else argv[0]]
        self.steps.append(step)
        if self.breaks == step:
            self.breaks = ""
            return CommandResult(argv, status=1, stderr=f"{step} failed")
        if step == "restart" and self.binds:
            self._bind()
        return CommandResult(argv)

    def _validate_now(self, argv: tuple[str, ...], _: str) -> CommandResult:
        return _validation(argv, self.errors_now)

    def _validate_then(self, argv: tuple[str, ...], _: str) -> CommandResult:
        return _validation(argv, self.errors_then)


STEPS = {
    VALUES_PROGRAM: "values",
    "restart": "restart",
    "kill": "hup",
    "reload-or-restart": "alerter",
}


def _validation(argv: tuple[str, ...], errors: list[str]) -> CommandResult:
    return CommandResult(argv, status=bool(errors), stderr="\n".join(errors))


def applied(monitor: Monitor, reception: Reception) -> Plan:
    plan = plan_for(reception, monitor.machine)
    check_plan(plan, reception, monitor.machine)
    execute_plan(plan, reception, monitor.machine, alerter=True)
    return plan


def test_one_list_feeds_everything() -> None:
    monitor = Monitor()
    plan = applied(monitor, RECEPTION)

    assert monitor.files[f"{ETC}/rsyslog/address"] == "*"
    assert monitor.files[f"{ETC}/rsyslog/port"] == "6666"
    assert "10.0.0.2" in monitor.files[f"{ETC}/rsyslog/senders.json"]
    assert "10.0.0.2/32\n" in monitor.files[ALLOWED]
    assert "127.0.0.0/8\n" in monitor.files[ALLOWED]
    assert plan.restarts
    assert monitor.steps == ["values", "restart", "alerter"]


def test_applying_twice_does_nothing() -> None:
    monitor = Monitor()
    applied(monitor, RECEPTION)

    assert plan_for(RECEPTION, monitor.machine).changes == ()
    assert unapplied_files(RECEPTION, monitor.machine) == []


def public_config(folder: str, *senders: ListedSender) -> PublicConfig:
    """Return a configuration that lists these senders."""
    data = with_defaults({"receive": {"address": "*"}})
    config = PublicConfig.from_json(data, Path(folder) / "config.yaml", {})
    policy = dataclasses.replace(config.policy, senders=senders)
    return dataclasses.replace(config, policy=policy)


def test_a_change_is_reported_until_it_is_applied() -> None:
    monitor = Monitor()
    config = public_config(ETC, DB07)
    assert is_applicable(monitor.machine, config)
    assert unapplied_files(config.reception, monitor.machine)

    applied(monitor, config.reception)

    assert not unapplied_files(config.reception, monitor.machine)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(public_config("/home/x", DB07), id="of a checkout"),
        pytest.param(public_config(ETC), id="of a fresh installation"),
    ],
)
def test_what_cannot_be_applied_yet_is_no_change(config: PublicConfig) -> None:
    assert not is_applicable(Monitor().machine, config)


def test_without_the_package_nothing_is_unapplied() -> None:
    assert not is_applicable(FakeMachine(), public_config(ETC, DB07))


def test_another_sender_needs_no_restart() -> None:
    monitor = Monitor()
    applied(monitor, RECEPTION)
    monitor.steps.clear()
    more = Reception((DB07, RACK), Receive("*", 6666))

    assert unapplied_files(more, monitor.machine) == [
        f"{ETC}/rsyslog/senders.json",
        ALLOWED,
    ]
    plan = applied(monitor, more)
    assert not plan.restarts
    assert monitor.steps == ["values", "hup", "alerter"]
    assert any("+10.3.0.0/24" in line for c in plan.changes for line in c.diff())


def test_nobody_listed_listens_on_loopback_only() -> None:
    monitor = Monitor()
    applied(monitor, Reception((), Receive("*", 6666)))

    assert monitor.files[f"{ETC}/rsyslog/address"] == "127.0.0.1"


@pytest.mark.parametrize("step", ["write", "values", "restart", "alerter"])
def test_everything_is_restored_when_a_step_fails(step: str) -> None:
    monitor = Monitor()
    before = dict(monitor.files)
    plan = plan_for(RECEPTION, monitor.machine)
    if step == "write":
        monitor.machine.failures[ALLOWED] = OSError(28, "No space left on device")
    monitor.breaks = step

    with pytest.raises(ApplyError, match="the old state is restored"):
        execute_plan(plan, RECEPTION, monitor.machine, alerter=True)
    assert monitor.files == before
    if step in {"restart", "alerter"}:
        # With the old files in place rsyslogd starts once more.
        assert monitor.steps[-2:] == ["values", "restart"]


def test_what_rsyslogd_refuses_is_not_done() -> None:
    monitor = Monitor()
    monitor.errors_then = ["error: port 99999"]
    plan = plan_for(RECEPTION, monitor.machine)

    with pytest.raises(ApplyError, match="nothing was changed"):
        check_plan(plan, RECEPTION, monitor.machine)
    assert monitor.steps == []


def test_what_rsyslogd_said_before_is_not_our_fault() -> None:
    monitor = Monitor()
    monitor.errors_now = monitor.errors_then = ["error: an old one"]

    assert (
        check_plan(plan_for(RECEPTION, monitor.machine), RECEPTION, monitor.machine)
        == []
    )


def test_a_check_that_is_not_possible_is_a_notice() -> None:
    monitor = Monitor()
    del monitor.machine.programs["sh"]

    [notice] = check_plan(
        plan_for(RECEPTION, monitor.machine), RECEPTION, monitor.machine
    )
    assert "could not check" in notice


def test_the_firewall_is_left_alone_until_it_was_applied() -> None:
    monitor = Monitor()
    applied(monitor, RECEPTION)

    assert not any(path.startswith(FIREWALL) for path in monitor.files)
    assert not monitor.firewalls[4].rules().is_there


def with_firewall() -> Monitor:
    monitor = Monitor()
    monitor.files[f"{FIREWALL}/rules.v4"] = "old\n"
    monitor.files[f"{FIREWALL}/rules.v6"] = "old\n"
    return monitor


def test_the_firewall_follows_once_it_was_applied() -> None:
    monitor = with_firewall()
    applied(monitor, RECEPTION)

    rules = monitor.firewalls[4].rules().ours
    assert any("-s 10.0.0.2/32" in rule for rule in rules)
    assert "10.0.0.2/32" in monitor.files[f"{FIREWALL}/rules.v4"]
    assert monitor.firewalls[6].rules().ours[-1] == f"-A {CHAIN} -j DROP"


def test_an_ip6tables_that_fails_is_a_notice() -> None:
    monitor = with_firewall()
    monitor.firewalls[6].forbidden = True
    plan = plan_for(RECEPTION, monitor.machine)

    (notice,) = check_plan(plan, RECEPTION, monitor.machine)
    assert notice.startswith("ip6tables is left out: ")
    execute_plan(plan, RECEPTION, monitor.machine, alerter=False)
    assert monitor.firewalls[4].rules().is_there


def test_what_iptables_refuses_is_not_done() -> None:
    monitor = with_firewall()
    monitor.firewalls[6].refuses = True

    with pytest.raises(FirewallError):
        check_plan(plan_for(RECEPTION, monitor.machine), RECEPTION, monitor.machine)
    assert monitor.steps == []


def test_both_families_are_restored() -> None:
    monitor = with_firewall()
    applied(monitor, RECEPTION)
    before = {f: monitor.firewalls[f].text for f in (4, 6)}
    more = Reception((DB07, RACK), Receive("*", 6666))
    monitor.breaks = "alerter"
    plan = plan_for(more, monitor.machine)

    with pytest.raises(ApplyError, match="the old state is restored"):
        execute_plan(plan, more, monitor.machine, alerter=True)
    assert {f: monitor.firewalls[f].text for f in (4, 6)} == before


def test_a_port_that_is_open_already_is_shared() -> None:
    monitor = Monitor()
    text = 'module(load="imudp")\ninput(type="imudp" port="514")\n'
    monitor.files["/etc/rsyslog.conf"] += text
    applied(monitor, Reception((DB07,), Receive("*", 514)))

    assert "rules-514.conf" in monitor.files[FILTER]
    applied(monitor, RECEPTION)
    assert FILTER not in monitor.files


def test_a_shared_port_knows_single_hosts_only() -> None:
    monitor = Monitor()
    monitor.files["/etc/rsyslog.conf"] += "$ModLoad imudp\n$UDPServerRun 514\n"
    wide = ListedSender("all", (ipaddress.ip_network("10.0.0.0/8"),))

    with pytest.raises(ApplyError, match=r"receive\.port"):
        plan_for(Reception((wide,), Receive("*", 514)), monitor.machine)


def test_our_own_datagram_passes_the_filter_of_a_shared_port() -> None:
    monitor = Monitor()
    monitor.files["/etc/rsyslog.conf"] += "$ModLoad imudp\n$UDPServerRun 514\n"
    applied(monitor, Reception((DB07,), Receive("10.0.0.1", 514)))

    assert '"10.0.0.1"' in monitor.files[f"{ETC}/rsyslog/senders.json"]
    assert "10.0.0.1\n" in monitor.files[ALLOWED]


def test_a_deaf_rsyslogd_is_restarted_though_all_files_are_right() -> None:
    """As after a restored backup: the files are new, the socket is the old one."""
    monitor = Monitor()
    applied(monitor, RECEPTION)
    monitor.steps.clear()
    monitor.machine.close_udp()
    monitor.machine.bind_udp(6666, 42)
    plan = plan_for(RECEPTION, monitor.machine)

    assert plan.changes == ()
    assert plan.restarts
    assert "0.0.0.0, UDP port 6666, but 127.0.0.1" in plan.differences[0].text
    execute_plan(plan, RECEPTION, monitor.machine, alerter=False)
    assert monitor.steps == ["values", "restart"]
    assert plan_for(RECEPTION, monitor.machine).is_empty


def test_an_rsyslogd_that_stays_deaf_is_an_error() -> None:
    monitor = Monitor()
    monitor.binds = False
    plan = plan_for(RECEPTION, monitor.machine)

    with pytest.raises(ApplyError, match=r"rsyslogd does not receive on 0\.0\.0\.0"):
        execute_plan(plan, RECEPTION, monitor.machine, alerter=False)


def test_a_table_that_was_restored_is_loaded_by_a_hup() -> None:
    monitor = Monitor()
    applied(monitor, RECEPTION)
    monitor.steps.clear()
    path = f"{ETC}/rsyslog/senders.json"
    monitor.machine.write(path, monitor.files[path], changed=2e9)
    plan = plan_for(RECEPTION, monitor.machine)

    assert not plan.restarts
    assert "has not loaded" in plan.differences[0].text
    monitor.machine.programs["sleep"] = lambda argv, _: CommandResult(argv)
    with pytest.raises(ApplyError, match="has not loaded"):
        execute_plan(plan, RECEPTION, monitor.machine, alerter=False)
    assert "hup" in monitor.steps
    monitor.machine.write(HUP_MARK, "", changed=2e9)
    assert plan_for(RECEPTION, monitor.machine).is_empty
