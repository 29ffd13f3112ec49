"""What ``status`` reports of rsyslogd and the firewall."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING

import pytest

from omprog_panic.admin.status import APPLY, CRITICAL, UNKNOWN, WARNING
from omprog_panic.apply.plan import FIREWALL, wanted_files
from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.system import system_problems
from omprog_panic.firewall.manage import Firewall
from tests.unit.doctor.monitor import RSYSLOGD, Monitor, configuration, healthy_machine
from tests.unit.firewall.fake_iptables import FakeIptables, add_iptables

if TYPE_CHECKING:
    from pathlib import Path

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),))


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    """A monitor on which everything was applied."""
    config = configuration(tmp_path, DB07)
    machine = healthy_machine()
    for path, text in wanted_files(
        config.reception, filtered=False, firewall=False
    ).items():
        if text is not None:
            machine.write(path, text)
    machine.make_folder(str(tmp_path), 0o2750)  # of the database
    machine.close_udp()
    machine.bind_udp(6666, 4242, address="00000000")
    machine.write("/etc/omprog-panic/rsyslog/rules.conf", 'include(file="/x")')
    return Monitor(machine, config)


def problems(monitor: Monitor) -> list[tuple[int, str]]:
    assert monitor.config is not None
    found = system_problems(monitor.config, monitor.machine)
    assert all(problem.remedy for problem in found)
    return [(problem.level, problem.text) for problem in found]


def protect(monitor: Monitor) -> dict[int, FakeIptables]:
    """Apply the firewall rules."""
    assert monitor.config is not None
    programs = add_iptables(monitor.machine)
    rules = Firewall.of(monitor.machine, monitor.config.reception, FIREWALL)
    rules.apply(dry_run=False)
    return programs


def test_everything_applied_and_running_is_good(monitor: Monitor) -> None:
    assert problems(monitor) == []
    protect(monitor)
    assert problems(monitor) == []


def test_a_deaf_rsyslogd_is_critical_though_its_files_are_right(
    monitor: Monitor,
) -> None:
    monitor.machine.close_udp()
    monitor.machine.bind_udp(6666, 4242)
    ((level, text),) = problems(monitor)

    assert level == CRITICAL
    assert "does not receive on 0.0.0.0" in text
    assert APPLY in text


def test_an_rsyslogd_that_is_not_running_is_critical(monitor: Monitor) -> None:
    monitor.machine.stop_process(RSYSLOGD)

    assert [level for level, _ in problems(monitor)] == [CRITICAL]


def test_a_file_that_was_not_applied_is_a_warning(monitor: Monitor) -> None:
    monitor.machine.write("/etc/omprog-panic/allowed", "")

    assert [level for level, _ in problems(monitor)] == [WARNING]


def test_rules_that_a_reboot_lost_are_critical(monitor: Monitor) -> None:
    programs = protect(monitor)
    programs[4].text = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"

    assert problems(monitor) == [
        (
            CRITICAL,
            "firewall: iptables: not applied: run `omprog-panic firewall apply`",
        )
    ]


DROP_ALL = {
    "chain": {
        "family": "inet", "table": "x", "name": "i", "handle": 1,
        "type": "filter", "hook": "input", "prio": 0, "policy": "drop",
    }
}  # fmt: skip


@pytest.mark.parametrize("owner", ["none", "ufw", "firewalld", "nftables", "ours"])
def test_a_firewall_that_drops_a_sender_is_critical_whoever_owns_it(
    monitor: Monitor, owner: str
) -> None:
    if owner == "ufw":
        monitor.machine.write("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    elif owner == "firewalld":
        monitor.machine.answer("firewall-cmd --state")
    elif owner == "nftables":
        monitor.machine.answer("systemctl is-active nftables.service")
    elif owner == "ours":
        protect(monitor)
    assert problems(monitor) == []

    ruleset = json.dumps({"nftables": [DROP_ALL]})
    monitor.machine.answer("nft -j list ruleset", stdout=ruleset)
    ((level, text),) = problems(monitor)

    assert level == CRITICAL
    assert "drop the datagrams of db-07 (10.0.0.2): nft inet x i: policy drop" in text
    assert "see `omprog-panic doctor`" in text


@pytest.mark.parametrize("applied", [True, False])
def test_rules_that_this_user_may_not_read_are_unknown(
    monitor: Monitor, applied: bool
) -> None:
    if applied:
        protect(monitor)[4].forbidden = True
    why = "Operation not permitted (you must be root)"
    monitor.machine.answer("nft -j list ruleset", status=1, stderr=why)
    ((level, text),) = problems(monitor)

    assert level == UNKNOWN
    assert why in text
    assert text.endswith("use sudo, or leave the firewall out with --skip-firewall")


def test_rules_that_a_missing_program_shows_are_unknown(monitor: Monitor) -> None:
    del monitor.machine.answers["nft -j list ruleset"]
    ((level, text),) = problems(monitor)

    assert level == UNKNOWN
    assert text.endswith("nft is not installed: run `apt install nftables`")


def test_a_firewall_that_is_left_out_is_not_read(monitor: Monitor) -> None:
    assert monitor.config is not None
    monitor.machine.commands.clear()

    assert system_problems(monitor.config, monitor.machine, firewall=False) == []
    assert not any("nft" in line for line in monitor.machine.commands)


def test_rules_that_are_lost_at_a_reboot_are_a_warning(monitor: Monitor) -> None:
    protect(monitor)
    unit = "omprog-panic-firewall.service"
    monitor.machine.answer(f"systemctl is-enabled {unit}", status=1)
    ((level, text),) = problems(monitor)

    assert level == WARNING
    assert f"systemctl enable {unit}" in text


def test_a_file_that_a_process_cannot_use_is_critical_with_its_commands(
    monitor: Monitor,
) -> None:
    monitor.machine.write("/usr/bin/omprog-panic-collector", "", mode=0o644)
    ((level, text),) = problems(monitor)

    assert level == CRITICAL
    assert text == (
        "collector: rsyslogd (user 0) may not execute /usr/bin/omprog-panic-collector:"
        " run `chown root:root /usr/bin/omprog-panic-collector"
        " && chmod 755 /usr/bin/omprog-panic-collector`"
    )
