"""The scenarios: each says what it does to a guest and what must be told of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from omprog_panic.model import EndReason
from tests.acceptance.stage import (
    END_PANIC,
    REGISTERS,
    Expected,
    Sender,
    Stage,
    address_of,
)
from tests.guests.faulty import NULL_DEREFERENCE, faulty_module
from tests.guests.kernel import Kernel

ALIVE = "omprog-panic: alive"
SYSRQ = "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger"
INSMOD = "insmod /boom.ko"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """``kernels`` are the ones it is played on, such as 6.1."""

    name: str
    play: Callable[[Stage, Kernel], None]
    kernels: tuple[str, ...]
    quick: bool = False  # on the oldest of them

    def runs_on(self, found: Iterable[Kernel], *, quick: bool) -> list[Kernel]:
        """Give those of the kernels that are there; one where it has to be quick."""
        fitting = [kernel for kernel in found if kernel.name in self.kernels]
        return fitting[:1] if quick else fitting


SCENARIOS: list[Scenario] = []


def scenario(
    kernels: Iterable[str], *, quick: bool = False
) -> Callable[[Callable[[Stage, Kernel], None]], Callable[[Stage, Kernel], None]]:
    def add(play: Callable[[Stage, Kernel], None]) -> Callable[[Stage, Kernel], None]:
        name = play.__name__.replace("_", "-")
        SCENARIOS.append(Scenario(name, play, tuple(kernels), quick))
        return play

    return add


OLDER = ("6.1", "6.12")
SYSRQ_CRASH = Expected(
    "PANIC",
    "kernel panic: sysrq triggered crash",
    None,  # nobody is to blame
    EndReason.TERMINATOR,
    END_PANIC,
    shown="sysrq triggered crash",
)
NULL = Expected(
    "OOPS",
    "BUG: unable to handle kernel NULL pointer dereference in dummy_init_module",
    "dummy_init_module",
    EndReason.END_TRACE,
    REGISTERS,
)


@scenario(OLDER, quick=True)
def sysrq_halts(stage: Stage, kernel: Kernel) -> None:
    stage.start_monitor({"db-1": address_of(1)})
    sender = stage.sender("db-1", kernel)
    sender.configure()
    stage.wait_heard(sender, ALIVE)

    sender.guest.start(SYSRQ)

    alert = stage.alert(sender, SYSRQ_CRASH)
    assert stage.console(sender, alert, END_PANIC) == 0


def with_fault(stage: Stage, kernel: Kernel, code: bytes) -> Sender:
    stage.start_monitor({"db-1": address_of(1)})
    files = {"boom.ko": faulty_module(kernel, code)}
    sender = stage.sender("db-1", kernel, files=files)
    sender.configure()
    stage.wait_heard(sender, ALIVE)
    return sender


@scenario(OLDER, quick=True)
def null_dereference_goes_on(stage: Stage, kernel: Kernel) -> None:
    sender = with_fault(stage, kernel, NULL_DEREFERENCE)
    sender.guest.run(INSMOD, check=False)
    alert = stage.alert(sender, NULL)
    assert stage.console(sender, alert, REGISTERS) == 0
    assert sender.guest.run("uname -r").strip() == kernel.release, "it goes on"


@scenario(OLDER, quick=True)
def two_guests_at_once(stage: Stage, kernel: Kernel) -> None:
    """Their records arrive between each other's."""
    stage.start_monitor({"db-1": address_of(1), "db-2": address_of(2)})
    files = {"boom.ko": faulty_module(kernel, NULL_DEREFERENCE)}
    one = stage.sender("db-1", kernel)
    two = stage.sender("db-2", kernel, files=files, options=["format=basic"])
    for sender in (one, two):
        sender.configure()
        stage.wait_heard(sender, ALIVE)

    one.guest.start(SYSRQ)
    two.guest.start(INSMOD)

    alert = stage.alert(one, SYSRQ_CRASH)
    assert stage.console(one, alert, END_PANIC) == 0
    alert = stage.alert(two, NULL)
    assert stage.console(two, alert, REGISTERS) == 0
