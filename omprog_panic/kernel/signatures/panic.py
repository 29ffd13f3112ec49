"""Start lines of panics and double faults. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import FUNCTION, Signature
from omprog_panic.model import Severity

_NOT_SYNCING = r"Kernel panic - not syncing: "

PANIC: tuple[Signature, ...] = (
    Signature(
        "panic",
        Severity.PANIC,
        "Kernel panic",
        _NOT_SYNCING + r"corrupted stack end",
        title="kernel panic: corrupted stack end",
        rule="sleep",
        source="kernel/sched/core.c schedule_debug",
    ),
    Signature(
        "panic",
        Severity.PANIC,
        "Kernel panic",
        _NOT_SYNCING + rf"stack-protector: Kernel stack is corrupted in: {FUNCTION}?",
        title="kernel panic: stack is corrupted",
        rule="named-only",
        source="kernel/panic.c __stack_chk_fail",
    ),
    Signature(
        "panic",
        Severity.PANIC,
        "Kernel panic",
        _NOT_SYNCING + r"kernel stack overflow",
        title="kernel stack overflow",
        rule="stall",
        source="arch/arm64/kernel/traps.c panic_bad_stack",
    ),
    Signature(
        "panic",
        Severity.PANIC,
        "Kernel panic",
        r"Kernel panic - not syncing(?:: (?P<reason>.*))?",
        title="kernel panic: {reason}",
        source="kernel/panic.c vpanic",
    ),
    Signature(
        "panic",
        Severity.PANIC,
        "Insufficient stack space",
        r"Insufficient stack space to handle exception!",
        title="kernel stack overflow",
        rule="stall",
        role="prelude",
        source="arch/arm64/kernel/traps.c panic_bad_stack",
    ),
    Signature(
        "oops",
        Severity.OOPS,
        "PANIC:",
        r"PANIC: double fault",
        title="PANIC: double fault",
        rule="pc-only",
        role="die",
        source="arch/x86/kernel/doublefault_64.c, traps.c",
    ),
)
