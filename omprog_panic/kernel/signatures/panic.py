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
        rule="stall",
        source="kernel/sched/core.c schedule_debug",
    ),
    Signature(
        "panic",
        Severity.PANIC,
        "Kernel panic",
        _NOT_SYNCING + rf"stack-protector: Kernel stack is corrupted in: {FUNCTION}?",
        title="kernel panic: stack is corrupted",
        rule="named-first",
        source="kernel/panic.c __stack_chk_fail",
    ),
    Signature(
        "hard-lockup",
        Severity.PANIC,
        "Kernel panic",
        _NOT_SYNCING
        + r"(?:Hard LOCKUP|Watchdog detected hard LOCKUP on cpu (?P<cpu>\d+))",
        title="hard lockup",
        rule="hard",
        source="kernel/watchdog_hld.c; kernel/watchdog.c 2.6.37 to 4.2; "
        "arch/sparc/kernel/nmi.c",
    ),
    Signature(
        "machine-check",
        Severity.PANIC,
        "Kernel panic",
        _NOT_SYNCING + r"(?P<what>Asynchronous SError Interrupt|bad SError|SError)",
        title="kernel panic: {what}",
        rule="panic-trace",
        source="arch/arm64/kernel/traps.c arm64_serror_panic",
    ),
    Signature(
        "bug",
        Severity.PANIC,
        "Kernel panic",
        _NOT_SYNCING + r"(?P<id_what>(?:VERIFY|ASSERT)\w*\(.{1,400}?\)) failed",
        title="kernel panic: {id_what}",
        rule="trace",
        source="openzfs module/os/linux/spl/spl-err.c spl_panic, spl_panic_halt=1",
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
        ("PANIC:", "traps: PANIC:"),
        r"(?:traps: )?PANIC: double fault",
        title="PANIC: double fault",
        rule="pc-only",
        role="die",
        source="arch/x86/kernel/doublefault_64.c, traps.c",
    ),
    Signature(
        "oops",
        Severity.OOPS,
        "PANIC:",
        r"PANIC: early exception (?:0x)?(?P<what>[0-9a-f]{2})",
        title="PANIC: early exception 0x{what}",
        rule="pc",
        source="arch/x86/mm/extable.c early_fixup_exception",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        ("VERIFY", "ASSERT"),
        r"(?P<id_what>(?:VERIFY|ASSERT)\w{0,4}\(.{1,400}?\)) failed",
        title="PANIC: {id_what}",
        rule="named",
        more=rf"(?:PANIC at |SPLError: \d+:\d+:\()[^: ]{{1,80}}:\d+:{FUNCTION}\(\)",
        role="opening",
        source="openzfs include/os/linux/spl/sys/debug.h",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        ("PANIC at", "SPLError:"),
        r"(?:SPLError: \d+:\d+:\([^: ]{1,80}:\d+:\w+\(\)\) SPL PANIC|"
        rf"PANIC at [^: ]{{1,80}}:\d+:{FUNCTION}\(\))",
        title="SPL PANIC",
        rule="named",
        more=rf"SPLError: \d+:\d+:\([^: ]{{1,80}}:\d+:{FUNCTION}\(\)\)",
        source="openzfs module/os/linux/spl/spl-err.c spl_panic",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        "PANIC:",
        r"PANIC: (?P<what>.{1,200})",
        title="PANIC: {what}",
        rule="trace",
        source="openzfs module/os/linux/spl/spl-err.c vcmn_err (CE_PANIC)",
    ),
)
