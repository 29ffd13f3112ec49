"""The firewall, as the doctor sees it."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING

import pytest

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
DROP_ALL = {
    "chain": {
        "family": "inet", "table": "filter", "name": "input", "handle": 1,
        "type": "filter", "hook": "input", "prio": 0, "policy": "drop",
    }
}  # fmt: skip


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


def set_ruleset(monitor: Monitor, *entries: object) -> None:
    text = json.dumps({"nftables": entries})
    monitor.machine.answer("nft -j list ruleset", stdout=text)


def test_rules_in_force_are_good(tmp_path: Path) -> None:
    monitor, _ = protected(tmp_path)

    assert levels(monitor) == [Level.OK, Level.OK, Level.OK]


def test_missing_rules_and_rules_in_front_are_reported(tmp_path: Path) -> None:
    monitor, programs = protected(tmp_path)
    rule = "-A INPUT -p udp -j DROP"
    head = "[0:0]\n-A INPUT"
    programs[4].text = programs[4].text.replace(head, f"[0:0]\n{rule}\n-A INPUT", 1)
    programs[6].text = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    _, four, six = monitor.check(check_firewall)

    assert [four.level, six.level] == [Level.WARNING, Level.CRITICAL]
    assert rule in four.says
    assert six.remedies == ("omprog-panic firewall apply",)


def test_another_chain_that_drops_is_critical_though_ours_are_in_force(
    tmp_path: Path,
) -> None:
    monitor, _ = protected(tmp_path)
    set_ruleset(monitor, DROP_ALL)
    first = monitor.check(check_firewall)[0]

    assert first.level is Level.CRITICAL
    assert "db-07 (10.0.0.2): nft inet filter input: policy drop" in first.says


@pytest.mark.parametrize("owner", ["ufw", "firewalld", "nftables"])
def test_a_foreign_firewall_is_good_only_if_the_senders_pass(
    tmp_path: Path, owner: str
) -> None:
    monitor = Monitor(healthy_machine(), configuration(tmp_path, DB07))
    if owner == "ufw":
        monitor.machine.write("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    elif owner == "firewalld":
        monitor.machine.answer("firewall-cmd --state")
    else:
        monitor.machine.answer("systemctl is-active nftables.service")
    assert levels(monitor) == [Level.OK]

    set_ruleset(monitor, DROP_ALL)
    (found,) = monitor.check(check_firewall)

    assert found.level is Level.CRITICAL
    assert any("10.0.0.2" in remedy for remedy in found.remedies)


def test_rules_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    monitor, programs = protected(tmp_path)
    programs[4].forbidden = True
    del monitor.machine.answers["nft -j list ruleset"]
    found = monitor.check(check_firewall)

    assert [f.level for f in found] == [Level.UNKNOWN, Level.UNKNOWN]
    assert found[0].remedies == ("apt install nftables",)


def test_without_rules_any_host_may_send(tmp_path: Path) -> None:
    monitor = Monitor(healthy_machine(), configuration(tmp_path, DB07))

    assert levels(monitor) == [Level.OK, Level.WARNING]


def test_an_ip6tables_that_fails_is_unknown_and_hides_nothing(tmp_path: Path) -> None:
    monitor, programs = protected(tmp_path)
    programs[6].forbidden = True
    passage, four, six = monitor.check(check_firewall)

    assert [passage.level, four.level, six.level] == [Level.OK, Level.OK, Level.UNKNOWN]
    assert six.remedies == ("use sudo",)
