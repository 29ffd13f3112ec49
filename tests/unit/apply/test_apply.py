"""``apply`` on a machine that is a dictionary: what it writes, and puts back."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import pytest

from omprog_panic.apply.machine import ApplyError
from omprog_panic.apply.perform import check, perform, plan_for, unapplied
from omprog_panic.apply.plan import ALLOWED, FILTER, FIREWALL, Plan
from omprog_panic.config.model import Receive, Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.iptables import FirewallError, Iptables
from omprog_panic.firewall.rules import CHAIN
from omprog_panic.firewall.saved import Saved, parse
from omprog_panic.rsyslog.dropin import ETC, Values, value_files

if TYPE_CHECKING:
    from collections.abc import Mapping

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)
RACK = ListedSender("rack", (ipaddress.ip_network("10.3.0.0/24"),))
RECEPTION = Reception((DB07,), Receive("*", 6666))


class FakeIptables(Iptables):
    """Keeps what it is told as iptables-save would show it."""

    def __init__(self, family: int) -> None:
        super().__init__(family)
        self.text = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
        self.refuses = False
        self.tested = 0

    def read(self) -> Saved:
        return parse(self.text)

    def test(self, text: str) -> None:
        self.tested += 1
        if self.refuses:
            raise FirewallError(f"{self.name}-restore: line 2 failed")
        assert text.startswith("*filter\n")

    def restore(self, text: str) -> None:
        self.test(text)
        lines = [line for line in text.splitlines() if line.startswith("-A ")]
        jumps = [f"-A INPUT{x[11:]}" for x in text.splitlines() if x[:9] == "-I INPUT "]
        kept = jumps or self.read().jumps
        chain = f":INPUT ACCEPT [0:0]\n:{CHAIN} - [0:0]"
        self.text = "\n".join(["*filter", chain, *kept, *lines, "COMMIT", ""])


class FakeMachine:
    """A machine as files; ``breaks`` names the step that fails."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {"/etc/rsyslog.conf": 'module(load="imuxsock")\n'}
        for name, text in value_files(Values()).items():
            self.files[f"{ETC}/rsyslog/{name}"] = text
        self.breaks = ""
        self.steps: list[str] = []
        self.said_before: list[str] = []
        self.said_with: list[str] | None = []
        self.firewalls = {4: FakeIptables(4), 6: FakeIptables(6)}

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        below = [path.rpartition("/") for path in self.files]
        return sorted(name for parent, _, name in below if parent == folder)

    def write(self, path: str, text: str | None) -> None:
        if self.breaks == "write" and path == ALLOWED and text is not None:
            raise OSError(28, "No space left on device")
        if text is None:
            self.files.pop(path, None)
        else:
            self.files[path] = text

    def complaints(self) -> list[str]:
        return self.said_before

    def rehearse(self, files: Mapping[str, str | None]) -> list[str] | None:
        assert files
        return self.said_with

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if self.breaks == name:
            self.breaks = ""
            raise ApplyError(f"{name} failed")

    def fit(self) -> None:
        self._step("fit")

    def restart_rsyslog(self) -> None:
        self._step("restart")

    def hup_rsyslog(self) -> None:
        self._step("hup")

    def reload_alerter(self) -> None:
        self._step("alerter")

    def iptables(self, family: int) -> FakeIptables:
        return self.firewalls[family]


def applied(machine: FakeMachine, reception: Reception) -> Plan:
    plan = plan_for(reception, machine)
    check(plan, reception, machine)
    perform(plan, reception, machine, alerter=True)
    return plan


def test_one_list_feeds_everything() -> None:
    machine = FakeMachine()
    plan = applied(machine, RECEPTION)

    assert machine.files[f"{ETC}/rsyslog/address"] == "*"
    assert machine.files[f"{ETC}/rsyslog/port"] == "6666"
    assert "10.0.0.2" in machine.files[f"{ETC}/rsyslog/senders.json"]
    assert "10.0.0.2/32\n" in machine.files[ALLOWED]
    assert "127.0.0.0/8\n" in machine.files[ALLOWED]
    assert plan.restarts
    assert machine.steps == ["fit", "restart", "alerter"]


def test_applying_twice_does_nothing() -> None:
    machine = FakeMachine()
    applied(machine, RECEPTION)

    assert plan_for(RECEPTION, machine).changes == ()
    assert unapplied(RECEPTION, machine) == []


def test_another_sender_needs_no_restart() -> None:
    machine = FakeMachine()
    applied(machine, RECEPTION)
    machine.steps.clear()
    more = Reception((DB07, RACK), Receive("*", 6666))

    assert unapplied(more, machine) == [f"{ETC}/rsyslog/senders.json", ALLOWED]
    plan = applied(machine, more)
    assert not plan.restarts
    assert machine.steps == ["fit", "hup", "alerter"]
    assert any("+10.3.0.0/24" in line for c in plan.changes for line in c.diff())


def test_nobody_listed_listens_on_loopback_only() -> None:
    machine = FakeMachine()
    applied(machine, Reception((), Receive("*", 6666)))

    assert machine.files[f"{ETC}/rsyslog/address"] == "127.0.0.1"


@pytest.mark.parametrize("step", ["write", "fit", "restart", "alerter"])
def test_everything_is_put_back_when_a_step_fails(step: str) -> None:
    machine = FakeMachine()
    before = dict(machine.files)
    plan = plan_for(RECEPTION, machine)
    machine.breaks = step

    with pytest.raises(ApplyError, match="everything was put back"):
        perform(plan, RECEPTION, machine, alerter=True)
    assert machine.files == before
    if step in {"restart", "alerter"}:
        # With the old files in place rsyslogd starts once more.
        assert machine.steps[-2:] == ["fit", "restart"]


def test_what_rsyslogd_refuses_is_not_done() -> None:
    machine = FakeMachine()
    machine.said_with = ["error: port 99999"]
    plan = plan_for(RECEPTION, machine)

    with pytest.raises(ApplyError, match="nothing was changed"):
        check(plan, RECEPTION, machine)
    assert machine.steps == []


def test_what_rsyslogd_said_before_is_not_our_fault() -> None:
    machine = FakeMachine()
    machine.said_before = machine.said_with = ["error: an old one"]

    assert check(plan_for(RECEPTION, machine), RECEPTION, machine) == []


def test_where_nothing_can_be_rehearsed_it_is_told() -> None:
    machine = FakeMachine()
    machine.said_with = None

    [notice] = check(plan_for(RECEPTION, machine), RECEPTION, machine)
    assert "could not be asked" in notice


def test_the_firewall_is_left_alone_until_it_was_applied() -> None:
    machine = FakeMachine()
    applied(machine, RECEPTION)

    assert not any(path.startswith(FIREWALL) for path in machine.files)
    assert not machine.firewalls[4].read().is_there


def with_firewall() -> FakeMachine:
    machine = FakeMachine()
    machine.files[f"{FIREWALL}/rules.v4"] = "old\n"
    machine.files[f"{FIREWALL}/rules.v6"] = "old\n"
    return machine


def test_the_firewall_follows_once_it_was_applied() -> None:
    machine = with_firewall()
    applied(machine, RECEPTION)

    rules = machine.firewalls[4].read().ours
    assert any("-s 10.0.0.2/32" in rule for rule in rules)
    assert "10.0.0.2/32" in machine.files[f"{FIREWALL}/rules.v4"]
    assert machine.firewalls[6].read().ours[-1] == f"-A {CHAIN} -j DROP"


def test_what_iptables_refuses_is_not_done() -> None:
    machine = with_firewall()
    machine.firewalls[6].refuses = True

    with pytest.raises(FirewallError):
        check(plan_for(RECEPTION, machine), RECEPTION, machine)
    assert machine.steps == []


def test_both_families_are_put_back() -> None:
    machine = with_firewall()
    applied(machine, RECEPTION)
    before = {f: machine.firewalls[f].text for f in (4, 6)}
    more = Reception((DB07, RACK), Receive("*", 6666))
    machine.breaks = "alerter"

    with pytest.raises(ApplyError, match="everything was put back"):
        perform(plan_for(more, machine), more, machine, alerter=True)
    assert {f: machine.firewalls[f].text for f in (4, 6)} == before


def test_a_port_that_is_open_already_is_shared() -> None:
    machine = FakeMachine()
    text = 'module(load="imudp")\ninput(type="imudp" port="514")\n'
    machine.files["/etc/rsyslog.conf"] += text
    applied(machine, Reception((DB07,), Receive("*", 514)))

    assert "rules-514.conf" in machine.files[FILTER]
    applied(machine, RECEPTION)
    assert FILTER not in machine.files


def test_a_shared_port_knows_single_hosts_only() -> None:
    machine = FakeMachine()
    machine.files["/etc/rsyslog.conf"] += "$ModLoad imudp\n$UDPServerRun 514\n"
    wide = ListedSender("all", (ipaddress.ip_network("10.0.0.0/8"),))

    with pytest.raises(ApplyError, match=r"receive\.port"):
        plan_for(Reception((wide,), Receive("*", 514)), machine)


def test_our_own_datagram_passes_the_filter_of_a_shared_port() -> None:
    machine = FakeMachine()
    machine.files["/etc/rsyslog.conf"] += "$ModLoad imudp\n$UDPServerRun 514\n"
    applied(machine, Reception((DB07,), Receive("10.0.0.1", 514)))

    assert '"10.0.0.1"' in machine.files[f"{ETC}/rsyslog/senders.json"]
    assert "10.0.0.1\n" in machine.files[ALLOWED]
