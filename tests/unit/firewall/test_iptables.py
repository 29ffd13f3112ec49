"""The commands of iptables, and their failures."""

from __future__ import annotations

import pytest

from omprog_panic.firewall.iptables import (
    FirewallError,
    IncompatibleRulesError,
    Iptables,
)
from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.machine import CommandOutcome, CommandResult
from tests.unit.firewall.fake_iptables import add_iptables

RULES = "*filter\n:OMPROG-PANIC - [0:0]\nCOMMIT\n"


def test_a_test_changes_nothing_and_a_restore_does() -> None:
    machine = FakeMachine()
    add_iptables(machine)
    iptables = Iptables(machine, 4)

    iptables.test(RULES)
    assert not iptables.read().is_there
    iptables.restore(RULES)
    assert iptables.read().is_there
    assert machine.commands == [
        "iptables-restore -w 5 --noflush --test",
        "iptables-save -t filter",
        "iptables-restore -w 5 --noflush",
        "iptables-save -t filter",
    ]


def test_a_table_that_cannot_be_read_is_not_empty() -> None:
    machine = FakeMachine()
    line = "# Table `filter' is incompatible, use 'nft' tool.\n"
    machine.answer("iptables-save -t filter", stdout=line)

    with pytest.raises(IncompatibleRulesError, match="use 'nft' tool"):
        Iptables(machine, 4).read()


def test_output_that_ends_early_is_no_table() -> None:
    machine = FakeMachine()
    machine.answer("iptables-save -t filter", stdout="*filter\n:INPUT ACCEPT [0:0]\n")

    with pytest.raises(IncompatibleRulesError, match="ends within"):
        Iptables(machine, 4).read()


def test_each_failure_has_its_own_words() -> None:
    machine = FakeMachine()
    with pytest.raises(FirewallError, match="ip6tables-save is not installed: apt"):
        Iptables(machine, 6).read()

    machine.answer("ip6tables-save -t filter", 4, stderr="you must be root\n")
    with pytest.raises(FirewallError, match="-t filter: you must be root"):
        Iptables(machine, 6).read()

    late = CommandResult(
        (), CommandOutcome.TIMED_OUT, reason="did not finish within 30 s"
    )
    machine.answers["ip6tables-save -t filter"] = late
    with pytest.raises(FirewallError, match="ip6tables-save did not finish within"):
        Iptables(machine, 6).read()


def test_a_container_without_the_capability_is_named() -> None:
    status = "Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\n"
    machine = FakeMachine(files={"/proc/self/status": status})
    machine.answer("iptables-save -t filter", 4, stderr="you must be root\n")

    with pytest.raises(FirewallError, match="root has no CAP_NET_ADMIN here"):
        Iptables(machine, 4).read()
