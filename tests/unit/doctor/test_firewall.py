"""The firewall, as the doctor sees it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from omprog_panic.apply.plan import FIREWALL
from omprog_panic.config.model import Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.doctor.finding import Level
from omprog_panic.doctor.firewall import check_firewall
from omprog_panic.firewall.manage import Firewall
from tests.unit.doctor.monitor import Monitor, configuration, healthy_machine
from tests.unit.firewall.fake_iptables import FakeIptables, add_iptables

if TYPE_CHECKING:
    from pathlib import Path

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),))


def protected(folder: Path) -> tuple[Monitor, dict[int, FakeIptables]]:
    """Return a monitor with our rules in force."""
    config = configuration(folder, DB07)
    machine = healthy_machine()
    programs = add_iptables(machine)
    reception = Reception(config.senders, config.receive)
    Firewall.of(machine, reception, FIREWALL).apply(dry_run=False)
    return Monitor(machine, config), programs


def levels(monitor: Monitor) -> list[Level]:
    return [found.level for found in monitor.check(check_firewall)]


def test_rules_in_force_are_good(tmp_path: Path) -> None:
    monitor, _ = protected(tmp_path)

    assert levels(monitor) == [Level.OK, Level.OK]


def test_missing_rules_and_rules_in_front_are_reported(tmp_path: Path) -> None:
    monitor, programs = protected(tmp_path)
    rule = "-A INPUT -p udp -j DROP"
    head = "[0:0]\n-A INPUT"
    programs[4].text = programs[4].text.replace(head, f"[0:0]\n{rule}\n-A INPUT", 1)
    programs[6].text = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    found = monitor.check(check_firewall)

    assert [f.level for f in found] == [Level.WARNING, Level.CRITICAL]
    assert rule in found[0].says
    assert found[1].remedies == ("omprog-panic firewall apply",)


def test_rules_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    monitor, programs = protected(tmp_path)
    programs[4].forbidden = True

    assert levels(monitor) == [Level.UNKNOWN]


def test_without_rules_any_host_may_send(tmp_path: Path) -> None:
    monitor = Monitor(healthy_machine(), configuration(tmp_path, DB07))

    assert levels(monitor) == [Level.WARNING]
