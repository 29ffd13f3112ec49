"""Applying, checking and removing the rules; real iptables is in tests/integration."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.config.model import Receive, Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.iptables import FirewallError, IncompatibleRulesError
from omprog_panic.firewall.manage import CRITICAL, OK, UNKNOWN, Firewall
from omprog_panic.firewall.rules import NoSendersError
from omprog_panic.host.fake import FakeMachine
from tests.unit.firewall.fake_iptables import add_iptables

FOLDER = "/etc/omprog-panic/firewall"
DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)


def firewall(machine: FakeMachine, *senders: ListedSender) -> Firewall:
    return Firewall.of(machine, Reception(senders, Receive("*", 6666)), FOLDER)


def levels(found: Firewall) -> list[int]:
    return [family.level for family in found.check()]


def test_rules_are_applied_checked_and_removed() -> None:
    machine = FakeMachine()
    add_iptables(machine)
    found = firewall(machine, DB07)

    assert levels(found) == [CRITICAL, CRITICAL]
    assert len(found.apply(dry_run=False)) == 4
    assert levels(found) == [OK, OK]
    assert machine.names(FOLDER) == ["rules.v4", "rules.v6"]
    assert found.apply(dry_run=False) == []

    Firewall.without_senders(machine, FOLDER).remove(dry_run=False)
    assert levels(found) == [CRITICAL, CRITICAL]
    assert machine.names(FOLDER) is None


def test_a_dry_run_changes_nothing() -> None:
    machine = FakeMachine()
    add_iptables(machine)
    found = firewall(machine, DB07)

    assert len(found.apply(dry_run=True)) == 4
    assert levels(found) == [CRITICAL, CRITICAL]
    assert machine.names(FOLDER) is None


def test_a_family_that_is_refused_leaves_the_other_unchanged() -> None:
    machine = FakeMachine()
    programs = add_iptables(machine)
    programs[6].refuses = True

    with pytest.raises(FirewallError, match="line 2 failed"):
        firewall(machine, DB07).apply(dry_run=False)
    assert not programs[4].rules().is_there
    assert machine.names(FOLDER) is None


def test_an_ip6tables_that_fails_does_not_keep_ipv4_unprotected() -> None:
    machine = FakeMachine()
    programs = add_iptables(machine)
    programs[6].forbidden = True
    rules = firewall(machine, DB07)

    steps = rules.apply(dry_run=False)
    assert programs[4].rules().is_there
    left_out = "# ip6tables is left out: ip6tables-save -t filter: Permission denied"
    assert steps[0] == left_out
    assert [(f.name, f.level) for f in rules.check()] == [
        ("iptables", OK),
        ("ip6tables", UNKNOWN),
    ]
    assert rules.remove(dry_run=False)[0] == left_out
    assert not programs[4].rules().is_there


def test_rules_of_ipv6_that_cannot_be_shown_are_refused() -> None:
    machine = FakeMachine()
    programs = add_iptables(machine)
    programs[6].text = "# Table `filter' is incompatible, use 'nft' tool.\n"

    with pytest.raises(IncompatibleRulesError, match="is incompatible"):
        firewall(machine, DB07).apply(dry_run=False)
    assert not programs[4].rules().is_there


def test_no_senders_no_rules() -> None:
    with pytest.raises(NoSendersError):
        firewall(FakeMachine()).apply(dry_run=False)


def test_missing_iptables_is_an_error_with_a_remedy() -> None:
    with pytest.raises(FirewallError, match="is not installed: apt install iptables"):
        firewall(FakeMachine(), DB07).check()


def test_ip6tables_is_not_asked_where_ipv6_is_off() -> None:
    machine = FakeMachine()
    programs = add_iptables(machine)
    programs[6].forbidden = programs[6].refuses = True
    machine.files.clear()
    found = firewall(machine, DB07)

    found.apply(dry_run=False)
    assert levels(found) == [OK]
    assert machine.names(FOLDER) == ["rules.v4", "rules.v6"]
    found.remove(dry_run=False)
    assert machine.names(FOLDER) is None


def test_whether_the_rules_are_kept_at_boot_is_asked_of_systemd() -> None:
    machine = FakeMachine()
    found = firewall(machine, DB07)
    line = "systemctl is-enabled omprog-panic-firewall.service"

    assert found.is_kept_at_boot() is None
    machine.answer(line, stdout="enabled\n")
    assert found.is_kept_at_boot() is True
    machine.answer(line, 1, stdout="disabled\n")
    assert found.is_kept_at_boot() is False
