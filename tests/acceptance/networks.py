"""Scenarios: what lies between a kernel and the monitor."""

from __future__ import annotations

import dataclasses

from omprog_panic.model import EndReason
from tests.acceptance.net import ROUTER_MAC
from tests.acceptance.relay import BadLine, WithoutLastWord
from tests.acceptance.scenario import (
    NAME,
    OLD,
    OLDER,
    SYSRQ,
    SYSRQ_CRASH,
    expect_alert,
    panic,
    ready,
    rebooting,
    scenario,
)
from tests.acceptance.stage import BEHIND_ROUTER, SIX, Place, Stage, address_of
from tests.guests.host import OTHER_MAC
from tests.guests.kernel import Kernel

UNLISTED = "10.0.0.99"


@scenario(*OLDER)
def behind_a_router(stage: Stage, kernel: Kernel) -> None:
    """The target's MAC address is the next hop's."""
    sender = ready(stage, kernel, place=BEHIND_ROUTER)
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, SYSRQ_CRASH)


@scenario(*OLDER)
def ipv6(stage: Stage, kernel: Kernel) -> None:
    """Everything over IPv6."""
    sender = ready(stage, kernel, place=SIX)
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, SYSRQ_CRASH)


@scenario(OLD)
def the_router_was_replaced(stage: Stage, kernel: Kernel) -> None:
    """Its MAC address changed; the client repairs the target, and the panic arrives."""
    sender = ready(stage, kernel, append="panic=3", place=BEHIND_ROUTER)
    stage.closing(lambda: stage.network.set_router_mac(ROUTER_MAC))
    stage.network.set_router_mac(OTHER_MAC)

    sender.client("check")

    stage.wait_heard(sender, f"MAC is {OTHER_MAC}")
    sender.guest.start(SYSRQ)
    crash = rebooting(SYSRQ_CRASH)
    # Before the crash the trace has the gap in which the target was off.
    stage.console(sender, stage.alert(sender, crash), crash.last)


@scenario(OLD, waits=True)
def interface_down(stage: Stage, kernel: Kernel) -> None:
    """The panic cannot be received; the silence of the machine is reported.

    After two and a half of the shortest heartbeats that the client takes: 8 minutes.
    """
    stage.start_monitor(
        {NAME: {"address": address_of(1), "silent_after_s": 15}},
        self_check={"interval_s": 10},
    )
    sender = stage.sender(NAME, kernel, options=["heartbeat=60"])
    sender.configure()
    stage.wait_heard(sender, "omprog-panic: alive")

    sender.guest.start(f"ip link set eth0 down; {SYSRQ}")

    sender.guest.wait_console("end Kernel panic", timeout_s=120)
    sender.guest.close()  # a processor for other work
    alert = stage.notice(
        rf"SILENT {NAME} \({sender.address}\): nothing received for .+", timeout_s=900
    )
    assert "A listed sender has been silent" in alert.body, alert.body
    assert not any("Kernel panic" in d.text for d in stage.heard(sender))


@scenario(*OLDER)
def bad_line(stage: Stage, kernel: Kernel) -> None:
    """Datagrams are lost, doubled and overtaken: what is lost is said, where it was."""
    line = BadLine()
    sender = ready(stage, kernel, place=Place(line=line))
    sender.guest.start(SYSRQ)
    alert = stage.alert(sender, dataclasses.replace(SYSRQ_CRASH, complete=False))
    missing = stage.console(sender, alert, SYSRQ_CRASH.last)
    assert 0 < missing <= line.lost


@scenario(*OLDER)
def end_mark_lost(stage: Stage, kernel: Kernel) -> None:
    """The last line is lost on the way: the alert comes after a silence."""
    sender = ready(stage, kernel, place=Place(line=WithoutLastWord()))
    sender.guest.start(SYSRQ)
    expect_alert(
        stage,
        sender,
        dataclasses.replace(
            SYSRQ_CRASH, end=EndReason.SILENCE, last="Kernel Offset", complete=False
        ),
    )


@scenario(OLD)
def one_cause_on_two_guests(stage: Stage, kernel: Kernel) -> None:
    """The same crash on a second machine is a follow-up."""
    stage.start_monitor(
        {"db-1": address_of(1), "db-2": address_of(2)},
        grouping={"group_interval_s": 20},
    )
    one, two = stage.sender("db-1", kernel), stage.sender("db-2", kernel)
    for sender in (one, two):
        sender.configure()
        stage.wait_heard(sender, "omprog-panic: alive")

    one.guest.start(SYSRQ)
    expect_alert(stage, one, SYSRQ_CRASH)
    two.guest.start(SYSRQ)

    stage.notice(r"PANIC 1 more host: sysrq triggered crash \(first on db-1\)")


@scenario(OLD)
def a_sender_that_is_not_listed(stage: Stage, kernel: Kernel) -> None:
    """Its datagrams reach the interface, and the firewall rules end them there."""
    sender = ready(stage, kernel)
    for line in ("Kernel panic - not syncing: forged", "---[ end Kernel panic ]---"):
        stage.send(UNLISTED, f"[    9.000000] {line}\n")
    stage.wait_heard_from(UNLISTED, "end Kernel panic")

    sender.guest.start(SYSRQ)

    expect_alert(stage, sender, SYSRQ_CRASH)
    subjects = [alert.subject for alert in stage.services.alerts]
    assert not any("forged" in subject for subject in subjects), subjects
    assert "in force" in stage.monitor.firewall("check")
    assert panic("forged").title not in stage.monitor.command("incidents", "list")
