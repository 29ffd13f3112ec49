"""Which report a panic belongs to: causes and consequences, as data. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.kernel.incident import Incident
    from omprog_panic.kernel.line import Line


class Cause(NamedTuple):
    """A reason of a panic, and the kinds of report that lead to it."""

    reason: re.Pattern[str]  # searched in the reason
    kinds: frozenset[str]
    source: str


_OOPSES = frozenset(
    {"oops", "bug", "kasan", "kfence", "memory-corruption", "machine-check", "ubsan"},
)
_WARNINGS = frozenset(
    {
        "warning",
        "locking",
        "atomic-sleep",
        "kasan",
        "kcsan",
        "kmsan",
        "kfence",
        "ubsan",
        "memory-corruption",
        "memory-leak",
        "bug",
        "other",
    },
)


def _cause(reason: str, kinds: frozenset[str] | set[str], source: str) -> Cause:
    return Cause(re.compile(reason), frozenset(kinds), source)


# First match decides.
CAUSES: tuple[Cause, ...] = (
    _cause(r"panic_on_warn|warned too often|kasan\.fault", _WARNINGS, "kernel/panic.c"),
    _cause(r"hung_task", {"hung-task"}, "kernel/hung_task.c"),
    _cause(r"softlockup", {"soft-lockup"}, "kernel/watchdog.c"),
    _cause(r"[Hh]ard LOCKUP", {"hard-lockup"}, "kernel/watchdog_hld.c"),
    _cause(r"RCU Stall", {"rcu-stall"}, "kernel/rcu/tree_stall.h"),
    _cause(r"scheduling while atomic", {"atomic-sleep"}, "kernel/sched/core.c"),
    _cause(
        r"[Mm]achine check|hardware error|Uncorrected|SError|UE |"
        r"Memory failure|PCI system error|memory error",
        {"machine-check", "nmi"},
        "arch/x86/kernel/cpu/mce/core.c, drivers/acpi/apei/ghes.c",
    ),
    _cause(r"NMI", {"nmi", "hard-lockup", "machine-check"}, "arch/x86/kernel/nmi.c"),
    _cause(
        r"Fatal exception|panic_on_oops|Attempted to kill|Aiee|Oopsed too often|"
        r"Machine halted|Recursive fault|Unrecoverable|[Oo]ops|Fatal trap|"
        r"bad mode|Unhandled|BUG!|cannot handle|Undefined instruction",
        _OOPSES,
        "arch/*/kernel/dumpstack.c oops_end, kernel/exit.c",
    ),
    _cause(
        r"corrupted stack end|stack-protector|kernel stack overflow",
        set(),
        "kernel/panic.c: these name their own function",
    ),
)


def led_to(line: Line, known: Sequence[Incident]) -> Incident | None:
    """Find the report that led to this panic: the latest one of the reason's kinds.

    The same caller goes before another one, since a panic is printed by whoever
    dies.
    """
    reason = line.text.partition("not syncing")[2]
    cause = next((c for c in CAUSES if c.reason.search(reason)), None)
    if cause is None:
        return None
    fitting = [i for i in known if i.kind in cause.kinds]
    own = [i for i in fitting if i.caller == line.caller]
    candidates = own or fitting
    return candidates[-1] if candidates else None
