"""Start lines and terminators of crash reports, as data. Pure.

Every pattern is matched at the beginning of a record's text, after the prefix (or
extended header) is gone, case-sensitively: the words of a crash stand in many lines
that are none (``Command line: ... panic=10``, user text that quotes a panic).

The collector asks these tables about every record that it hears, so a line that
cannot match must cost next to nothing: rows are found by their first characters.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

from omprog_panic.model import Severity

_KEY_LENGTH = 3


class Signature(NamedTuple):
    """One start line.

    ``starts`` are the literal beginnings (at least three characters each) under
    one of which the line must fall before ``pattern`` is tried; ``source`` names the
    kernel file that prints it.
    """

    kind: str
    severity: Severity
    starts: tuple[str, ...]
    pattern: re.Pattern[str]
    source: str


def _row(
    kind: str,
    severity: Severity,
    starts: str | tuple[str, ...],
    pattern: str,
    source: str,
) -> Signature:
    given = (starts,) if isinstance(starts, str) else starts
    return Signature(kind, severity, given, re.compile(pattern), source)


_P, _O, _L, _H, _W = (
    Severity.PANIC,
    Severity.OOPS,
    Severity.LOCKUP,
    Severity.HARDWARE,
    Severity.WARNING,
)
_WATCHDOG = r"(?:NMI )?watchdog: (?:CPU\d+: )?"

# First match wins; the more telling row stands before the general one.
SIGNATURES: tuple[Signature, ...] = (
    _row("panic", _P, "Kernel panic", r"Kernel panic - not syncing", "kernel/panic.c"),
    _row("oops", _O, "PANIC:", r"PANIC: double fault", "arch/x86/kernel/traps.c"),
    _row("kasan", _O, "BUG:", r"BUG: KASAN:", "mm/kasan/report.c"),
    _row("kfence", _O, "BUG:", r"BUG: KFENCE:", "mm/kfence/report.c"),
    _row("kmsan", _O, "BUG:", r"BUG: KMSAN:", "mm/kmsan/report.c"),
    _row("kcsan", _W, "BUG:", r"BUG: KCSAN:", "kernel/kcsan/report.c"),
    _row(
        "oops",
        _O,
        "BUG:",
        r"BUG: (?:unable to handle|[Kk]ernel NULL pointer|Unable to handle)",
        "arch/x86/mm/fault.c",
    ),
    _row("oops", _O, "BUG:", r"BUG: (?:\S+ )?stack guard page", "arch/x86/mm/fault.c"),
    _row(
        "memory-corruption",
        _O,
        "BUG:",
        r"BUG: (?:Bad (?:page|rss)|non-zero )",
        "mm/page_alloc.c",
    ),
    _row("soft-lockup", _L, "BUG:", r"BUG: soft lockup", "kernel/watchdog.c"),
    _row(
        "workqueue-lockup", _L, "BUG:", r"BUG: workqueue lockup", "kernel/workqueue.c"
    ),
    _row("locking", _W, "BUG:", r"BUG: (?:spin|rw)lock ", "kernel/locking"),
    _row(
        "atomic-sleep",
        _W,
        "BUG:",
        r"BUG: (?:scheduling while|sleeping function|using )",
        "kernel/sched/core.c",
    ),
    _row("memory-leak", _W, "BUG:", r"BUG: memory leak", "mm/kmemleak.c"),
    _row("bug", _O, "BUG:", r"BUG: ", "any other BUG: of the kernel"),
    _row(
        "oops",
        _O,
        "Unable to handle",
        r"Unable to handle kernel",
        "arch/arm64/mm/fault.c, arch/riscv, arch/s390",
    ),
    _row(
        "oops",
        _O,
        (
            "Oops",
            "general protection",
            "invalid opcode",
            "divide error",
            "stack segment",
            "double fault",
            "stack guard page",
            "int3:",
            "Kernel BUG",
        ),
        r"(?:Oops: )?(?:general protection fault|invalid opcode|divide error|"
        r"stack segment|double fault|stack guard page|int3|Oops|Kernel BUG)"
        r".*\[#\d+\]",
        "arch/*/kernel/dumpstack.c, traps.c",
    ),
    _row(
        "oops",
        _O,
        "Internal error:",
        r"Internal error: .*\[#\d+\]",
        "arch/arm64/kernel/traps.c",
    ),
    _row(
        "oops",
        _O,
        (
            "illegal operation",
            "monitor event",
            "addressing exception",
            "specification exception",
            "protection exception",
            "data exception",
            "transactional",
            "stack overflow",
        ),
        r"[A-Za-z -]+: [0-9a-f]{4} ilc:\d+ \[#\d+\]",
        "arch/s390/kernel/dumpstack.c",
    ),
    _row(
        "bug", _O, ("kernel BUG at", "Kernel BUG at"), r"[Kk]ernel BUG at ", "lib/bug.c"
    ),
    _row(
        "bug",
        _O,
        ("list_add", "list_del"),
        r"list_(?:add|del)(?:_rcu)? corruption",
        "lib/list_debug.c",
    ),
    _row("ubsan", _W, "UBSAN:", r"UBSAN: ", "lib/ubsan.c"),
    _row("oops", _O, "CFI failure", r"CFI failure at ", "kernel/cfi.c"),
    _row(
        "soft-lockup",
        _L,
        ("watchdog:", "NMI watchdog:"),
        _WATCHDOG + r"BUG: soft lockup",
        "kernel/watchdog.c",
    ),
    _row(
        "hard-lockup",
        _L,
        ("watchdog:", "NMI watchdog:", "Watchdog detected", "CPU "),
        r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP|"
        r"(?:watchdog: )?CPU \d+ (?:self-detected hard|detected hard|Hard) LOCKUP",
        "kernel/watchdog_hld.c, arch/powerpc/kernel/watchdog.c",
    ),
    _row(
        "rcu-stall",
        _L,
        ("rcu:", "INFO: rcu", "rcu_"),
        r"(?:rcu: )?(?:INFO: )?rcu_\w+ (?:.*detected .*stall|kthread starved for)",
        "kernel/rcu/tree_stall.h",
    ),
    _row(
        "hung-task",
        _W,
        "INFO: task",
        r"INFO: task .+ (?:blocked.* for more than \d+ seconds|can't die)",
        "kernel/hung_task.c",
    ),
    _row(
        "machine-check",
        _H,
        "mce:",
        r"mce: \[Hardware Error\]: CPU \d+: Machine Check",
        "arch/x86/kernel/cpu/mce/core.c",
    ),
    _row(
        "machine-check",
        _H,
        ("[Hardware Error]", "{"),
        r"(?:\{\d+\})?\[Hardware Error\]: ",
        "drivers/firmware/efi/cper.c, drivers/acpi/apei",
    ),
    _row(
        "machine-check", _H, "GHES: Fatal", r"GHES: Fatal", "drivers/acpi/apei/ghes.c"
    ),
    _row(
        "machine-check",
        _H,
        "EDAC ",
        r"EDAC \S+: \d+ (?:UE|CE) ",
        "drivers/edac/edac_mc.c",
    ),
    _row(
        "machine-check",
        _H,
        "SError",
        r"SError Interrupt on CPU",
        "arch/arm64/kernel/traps.c",
    ),
    _row(
        "machine-check",
        _H,
        "Memory failure",
        r"Memory failure: ",
        "mm/memory-failure.c",
    ),
    _row(
        "nmi",
        _H,
        ("Uhhuh.", "NMI: "),
        r"Uhhuh\. NMI received|NMI: (?:IOCK|PCI system) error",
        "arch/x86/kernel/nmi.c",
    ),
    _row(
        "locking",
        _W,
        "WARNING:",
        r"WARNING: (?:possible |inconsistent lock|suspicious RCU|bad unlock|"
        r"held lock|still has locks|lock held|Nested lock)",
        "kernel/locking/lockdep.c",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        r"WARNING: (?:CPU: \d+ PID: \d+ )?(?:\S+:\d+ )?at ",
        "kernel/panic.c",
    ),
    _row(
        "locking",
        _W,
        "INFO: trying",
        r"INFO: trying to register non-static key",
        "kernel/locking/lockdep.c",
    ),
)


def _index(rows: tuple[Signature, ...]) -> dict[str, tuple[Signature, ...]]:
    index: dict[str, list[Signature]] = {}
    for row in rows:
        for start in dict.fromkeys(s[:_KEY_LENGTH] for s in row.starts):
            for key in (start,) if len(start) == _KEY_LENGTH else _longer(start):
                index.setdefault(key, []).append(row)
    return {key: tuple(rows) for key, rows in index.items()}


def _longer(start: str) -> list[str]:
    # "{" opens "{1}[Hardware Error]": the digits that may follow it.
    return [f"{start}{digits:<2}" for digits in map("{}}}".format, range(10))]


_BY_START = _index(SIGNATURES)
STARTS = frozenset(_BY_START)
"""First three characters of every start line: a cheap test before the patterns."""


def first_signature(text: str) -> Signature | None:
    """Find the start line that this text is, if it is one.

    >>> first_signature("Kernel panic - not syncing: Fatal exception").kind
    'panic'
    >>> first_signature("Command line: panic=10") is None
    True
    """
    for row in _BY_START.get(text[:_KEY_LENGTH], ()):
        if row.pattern.match(text):
            return row
    return None


class Terminator(enum.Enum):
    """The last words of a report."""

    END_PANIC = "---[ end Kernel panic"  # kernel/panic.c: nothing follows
    REBOOTING = "Rebooting in "  # kernel/panic.c: nothing follows
    END_TRACE = "---[ end trace"  # kernel/panic.c: registers or a panic may follow


_REBOOTING = re.compile(r"Rebooting in \d+ seconds\.\.")
TERMINATOR_STARTS = frozenset(t.value[:_KEY_LENGTH] for t in Terminator)


def terminator(text: str) -> Terminator | None:
    """Tell whether this text ends a report.

    >>> terminator("Rebooting in 3 seconds..")
    <Terminator.REBOOTING: 'Rebooting in '>
    """
    if text.startswith("---[ end "):
        if text.startswith("Kernel panic", 9):
            return Terminator.END_PANIC
        if text.startswith("trace", 9):
            return Terminator.END_TRACE
    elif text.startswith("Rebooting in ") and _REBOOTING.match(text):
        return Terminator.REBOOTING
    return None


_KDUMP_LOADED = re.compile(r"CPU: \d+ .*\bKdump: loaded ")


def says_kdump_loaded(text: str) -> bool:
    """Tell whether a ``CPU:`` line warns that the stream will be cut by kdump."""
    return _KDUMP_LOADED.match(text) is not None


def is_boot_banner(text: str) -> bool:
    """Tell whether this is ``linux_banner``, the first record of every boot."""
    return text.startswith("Linux version ")
