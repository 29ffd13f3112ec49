"""The table of scenarios, and what many of them share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from omprog_panic.model import EndReason
from tests.acceptance.stage import (
    END_PANIC,
    REBOOTING,
    REGISTERS,
    Expected,
    Sender,
    Stage,
    address_of,
)
from tests.guests.faulty import aim, faulty_module
from tests.guests.kernel import Kernel

Play: TypeAlias = Callable[[Stage, Kernel], None]

OLD, NEW, NBCON = "6.1", "6.12", "7.2"  # Debian 12's, Debian 13's, Debian's newest
OLDER = (OLD, NEW)
ALL = (*OLDER, NBCON)
NAME = "db-1"
ALIVE = "omprog-panic: alive"
SYSRQ = "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger"
INSMOD = "insmod /boom.ko"
IN_MODULE = "dummy_init_module"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """``kernels`` are the ones it is played on, such as 6.1."""

    name: str
    play: Play
    kernels: tuple[str, ...]
    quick: bool = False  # on the oldest of them
    waits: bool = False  # for minutes, and does next to nothing: beside the others

    def runs_on(self, found: Iterable[Kernel], *, quick: bool) -> list[Kernel]:
        """Return those of the kernels that are there; one where it has to be quick."""
        fitting = [kernel for kernel in found if kernel.name in self.kernels]
        return fitting[:1] if quick else fitting


SCENARIOS: list[Scenario] = []


def scenario(
    *kernels: str, quick: bool = False, waits: bool = False
) -> Callable[[Play], Play]:
    """Enter a function into the table, under its name."""

    def enter(play: Play) -> Play:
        name = play.__name__.replace("_", "-")
        SCENARIOS.append(Scenario(name, play, kernels, quick, waits))
        return play

    return enter


def panic(what: str, **more: Any) -> Expected:
    """An alert of a panic that halts the machine; its title says what is said."""
    return Expected(
        **{
            "severity": "PANIC",
            "title": f"kernel panic: {what}",
            "function": None,  # nobody is to blame
            "end": EndReason.TERMINATOR,
            "last": END_PANIC,
            "shown": what,
            **more,
        }
    )


SYSRQ_CRASH = panic("sysrq triggered crash")
NULL = Expected(
    "OOPS",
    f"BUG: unable to handle kernel NULL pointer dereference in {IN_MODULE}",
    IN_MODULE,
    EndReason.END_TRACE,
    REGISTERS,
)


def halting(expected: Expected) -> Expected:
    """The same crash where it is the end of the machine."""
    return dataclasses.replace(
        expected, severity="PANIC", end=EndReason.TERMINATOR, last=END_PANIC
    )


def rebooting(expected: Expected) -> Expected:
    """The same crash where the machine boots after it."""
    return dataclasses.replace(
        expected, severity="PANIC", end=EndReason.REBOOTING, last=REBOOTING
    )


def ready(
    stage: Stage,
    kernel: Kernel,
    *,
    code: bytes | None = None,
    settings: dict[str, Any] | None = None,
    **more: Any,
) -> Sender:
    """One configured guest that the monitor has heard; ``code`` is what boom.ko does.

    ``more`` goes to ``Stage.sender``, ``settings`` to config.yaml.
    """
    place = {"place": more["place"]} if "place" in more else {}
    stage.start_monitor({NAME: address_of(1, **place)}, **(settings or {}))
    files = {"boom.ko": faulty_module(kernel, code)} if code is not None else {}
    files |= more.pop("files", {})
    sender = stage.sender(NAME, kernel, files=files, **more)
    sender.configure()
    stage.wait_heard(sender, ALIVE)
    return sender


def aim_at(sender: Sender, code: bytes, function: str) -> None:
    """Make boom.ko call a function of the guest's kernel."""
    sender.guest.run(aim(faulty_module(sender.kernel, code), "/boom.ko", function))


def expect_alert(
    stage: Stage, sender: Sender, expected: Expected, *, missing: int = 0
) -> None:
    """Wait for the alert, and compare its trace with the guest's console."""
    alert = stage.alert(sender, expected)
    assert stage.console(sender, alert, expected.last) == missing
