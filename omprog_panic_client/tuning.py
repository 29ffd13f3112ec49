"""Kernel values: the console log level, and whether a panic halts. I/O by System."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from omprog_panic_client.advice import has_live_watchdog, sends_at_the_end_only
from omprog_panic_client.observe import PANIC, PRINTK

if TYPE_CHECKING:
    from omprog_panic_client.facts import Kernel
    from omprog_panic_client.settings import Settings
    from omprog_panic_client.state import State
    from omprog_panic_client.system import System


def tune(
    system: System, settings: Settings, kernel: Kernel, state: State
) -> tuple[State, list[str]]:
    """Raise the console log level, and let a panic halt where that is safe.

    Return the state with the values to restore, and messages about what was done.

    Raises:
        RefusedError: the kernel refuses a value.

    """
    state, raised = _raise_loglevel(system, settings, kernel, state)
    state, halted = _halt_on_panic(system, settings, kernel, state)
    return state, raised + halted


def _raise_loglevel(
    system: System, settings: Settings, kernel: Kernel, state: State
) -> tuple[State, list[str]]:
    level, now = settings.console_loglevel, kernel.console_loglevel
    if level is None or now >= level:
        return state, []  # a survived oops leaves it at 15
    system.write(PRINTK, str(level))
    if state.console_loglevel is None:
        state = replace(state, console_loglevel=now)
    return state, [f"the console log level is {level} (was {now})"]


def _halt_on_panic(
    system: System, settings: Settings, kernel: Kernel, state: State
) -> tuple[State, list[str]]:
    """Set kernel.panic=0 while a watchdog runs; restore it when the watchdog stops."""
    now, before = kernel.panic_timeout, state.panic_timeout
    wanted = settings.halt_on_panic and sends_at_the_end_only(kernel)
    safe = wanted and has_live_watchdog(kernel)
    if safe and now != 0:
        system.write(PANIC, "0")
        message = f"kernel.panic is 0 (was {now}): a watchdog runs"
        return replace(state, panic_timeout=now), [message]
    if before is None or safe:
        return state, []
    state = replace(state, panic_timeout=None)
    if now != 0:
        return state, []  # changed by somebody else
    system.write(PANIC, str(before))
    message = f"kernel.panic is {before} again: no watchdog would reset the machine"
    return state, [message]
