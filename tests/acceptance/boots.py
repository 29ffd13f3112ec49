"""Scenarios of boots: back after a panic, a suspected crash, a drill."""

from __future__ import annotations

import re

from tests.acceptance.scenario import (
    ALIVE,
    ALL,
    NAME,
    NBCON,
    OLDER,
    SYSRQ,
    SYSRQ_CRASH,
    expect_alert,
    panic,
    ready,
    rebooting,
    scenario,
)
from tests.acceptance.stage import NEAR, Sender, Stage, connect
from tests.guests.guest import Hardware
from tests.guests.kernel import Kernel

BOOTS_AGAIN = Hardware(reboots=True)


def booted_again(stage: Stage, sender: Sender) -> None:
    """Wait for the machine's next boot, and run what the client does at it."""
    before = len(stage.heard(sender))
    sender.guest.wait_ready()
    connect(sender, NEAR)
    sender.configure()
    stage.wait_heard(sender, ALIVE, after=before)


@scenario(*OLDER)
def back_after_a_panic(stage: Stage, kernel: Kernel) -> None:
    """panic=3: the alert, and after the boot that the host is back."""
    sender = ready(stage, kernel, append="panic=3", hardware=BOOTS_AGAIN)
    sender.guest.start(SYSRQ)
    expect_alert(stage, sender, rebooting(SYSRQ_CRASH))

    booted_again(stage, sender)

    who = rf"BACK {NAME} \({sender.address}\): after .+, kernel "
    alert = stage.notice(who + re.escape(kernel.release))
    assert SYSRQ_CRASH.shown in alert.body


@scenario(NBCON)
def nbcon_reboots(stage: Stage, kernel: Kernel) -> None:
    """panic=5 on 7.x: nothing of the panic arrives; the boot is reported.

    An orderly shutdown came before, so a boot without one means something.
    """
    sender = ready(stage, kernel, append="panic=5", hardware=BOOTS_AGAIN)
    sender.client("farewell --now")
    stage.wait_heard(sender, "omprog-panic: farewell")
    sender.guest.start("reboot -f")
    booted_again(stage, sender)

    sender.guest.start(SYSRQ)
    sender.guest.wait_console("Rebooting in 5 seconds", timeout_s=120)

    booted_again(stage, sender)

    stage.notice(rf"SUSPECTED CRASH {NAME} \({sender.address}\): unannounced boot .+")
    subjects = [alert.subject for alert in stage.services.alerts]
    assert len(subjects) == 1, f"the orderly boot was reported, too: {subjects}"
    assert not any("Kernel panic" in d.text for d in stage.heard(sender))


@scenario(*ALL)
def drill(stage: Stage, kernel: Kernel) -> None:
    """crash-test announces a drill, and crashes the machine for good."""
    sender = ready(stage, kernel)
    sender.guest.start("omprog-panic-client crash-test --yes-really")
    expect_alert(stage, sender, panic(SYSRQ_CRASH.shown, severity="DRILL"))
