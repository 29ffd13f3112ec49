"""Which report led to a panic: the reasons of panics and their causes. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.kernel.line import Line
    from omprog_panic.kernel.report_lines import ReportLines


class PanicCause(NamedTuple):
    """A reason in a panic line, and the kinds of report that lead to it."""

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


def _cause(reason: str, kinds: frozenset[str] | set[str], source: str) -> PanicCause:
    return PanicCause(re.compile(reason), frozenset(kinds), source)


# The first row whose reason matches decides.
PANIC_CAUSES: tuple[PanicCause, ...] = (
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
        r"bad mode|Unhandled|Kernel Fault|HPMC|Page fault: |Bad Address|"
        r"Unexpected interruption|BUG!|cannot handle|Undefined instruction",
        _OOPSES,
        "arch/*/kernel/dumpstack.c oops_end, kernel/exit.c",
    ),
    _cause(
        r"corrupted stack end|stack-protector|kernel stack overflow",
        set(),
        "kernel/panic.c: these name their own function",
    ),
)


def find_cause(line: Line, known: Sequence[ReportLines]) -> ReportLines | None:
    """Return the latest report of the kinds that lead to this panic; None: none.

    A report of the same caller goes before others, since the caller that dies prints
    the panic.
    """
    reason = line.text.partition("not syncing")[2]
    cause = next((c for c in PANIC_CAUSES if c.reason.search(reason)), None)
    if cause is None:
        return None
    fitting = [lines for lines in known if lines.kind in cause.kinds]
    own = [lines for lines in fitting if lines.first.caller == line.caller]
    candidates = own or fitting
    return candidates[-1] if candidates else None
