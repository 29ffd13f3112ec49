"""Scenarios: what is told of a machine besides its last words."""

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
    panic,
    ready,
    rebooting,
    scenario,
    told,
)
from tests.acceptance.stage import NEAR, Sender, Stage, connect
from tests.guests.guest import Hardware
from tests.guests.kernel import Kernel

BOOTS_AGAIN = Hardware(reboots=True)


def booted_again(stage: Stage, sender: Sender) -> None:
    """Wait for the machine's next boot, and let the client do what it does then."""
    before = len(stage.heard(sender))
    sender.guest.wait_ready()
    connect(sender, NEAR)
    sender.configure()
    stage.wait_heard(sender, ALIVE, after=before)


@scenario(*OLDER)
def back_after_a_panic(stage: Stage, kernel: Kernel) -> None:
    """panic=3: the alert, and when it has booted, that it is back."""
    sender = ready(stage, kernel, append="panic=3", hardware=BOOTS_AGAIN)
    sender.guest.start(SYSRQ)
    told(stage, sender, rebooting(SYSRQ_CRASH))

    booted_again(stage, sender)

    who = rf"BACK {NAME} \({sender.address}\): after .+, kernel "
    alert = stage.notice(who + re.escape(kernel.release))
    assert SYSRQ_CRASH.shown in alert.body


@scenario(NBCON)
def nbcon_reboots(stage: Stage, kernel: Kernel) -> None:
    """panic=5 on 7.x: not one word of the panic; the boot itself gives it away.

    The machine was shut down in order once before: its silence now means something.
    """
    sender = ready(stage, kernel, append="panic=5", hardware=BOOTS_AGAIN)
    sender.client("farewell --now")
    stage.wait_heard(sender, "omprog-panic: farewell")
    sender.guest.start("reboot -f")
    booted_again(stage, sender)

    sender.guest.start(SYSRQ)
    sender.guest.wait_console("Rebooting in 5 seconds", timeout_s=120)

    booted_again(stage, sender)

    stage.notice(rf"SUSPECTED CRASH {NAME} \({sender.address}\): booted without .+")
    subjects = [alert.subject for alert in stage.services.alerts]
    assert len(subjects) == 1, f"the boot in order was told, too: {subjects}"
    assert not any("Kernel panic" in d.text for d in stage.heard(sender))


@scenario(*ALL)
def drill(stage: Stage, kernel: Kernel) -> None:
    """crash-test announces a drill, and crashes the machine for good."""
    sender = ready(stage, kernel)
    sender.guest.start("omprog-panic-client crash-test --yes-really")
    told(stage, sender, panic(SYSRQ_CRASH.shown, severity="DRILL"))
