"""Applying, checking and removing the rules; real iptables is in tests/integration."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.config.model import Receive, Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.iptables import FirewallError
from omprog_panic.firewall.manage import CRITICAL, OK, Firewall
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
    assert machine.files == {}


def test_a_family_that_is_refused_leaves_the_other_unchanged() -> None:
    machine = FakeMachine()
    programs = add_iptables(machine)
    programs[6].refuses = True

    with pytest.raises(FirewallError, match="line 2 failed"):
        firewall(machine, DB07).apply(dry_run=False)
    assert not programs[4].rules().is_there
    assert machine.files == {}


def test_no_senders_no_rules() -> None:
    with pytest.raises(NoSendersError):
        firewall(FakeMachine()).apply(dry_run=False)


def test_missing_iptables_is_an_error_with_a_remedy() -> None:
    with pytest.raises(FirewallError, match="is not installed: apt install iptables"):
        firewall(FakeMachine(), DB07).check()
