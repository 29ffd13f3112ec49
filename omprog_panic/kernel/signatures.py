"""The table of start lines. Pure data; the lookups are in kernel/signature.py.

How to add a row: docs/adding-a-signature.md. A row without a sample in
tests/corpus/oops fails the suite.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable


class Signature:
    """One start line.

    ``starts`` are the literal beginnings (at least three characters each) under
    one of which the line must fall before ``pattern`` is tried. ``title`` is the
    title without its function; it may name groups of ``pattern`` and of ``more``,
    which is searched in the lines that follow. ``rule`` names how the function is
    found (kernel/blame.py; "": the title has none). ``role`` "die" marks a line
    that usually continues a report which is already open, "prelude" one whose
    report the next line names better, "detail" one that starts a report only when
    none is open. ``source`` is the kernel file that prints it.
    """

    def __init__(  # noqa: PLR0913 - one parameter a column of the table
        self,
        kind: str,
        severity: Severity,
        starts: str | tuple[str, ...],
        pattern: str,
        *,
        title: str,
        source: str,
        rule: str = "",
        role: str = "",
        more: str = "",
    ) -> None:
        self.kind = kind
        self.severity = severity
        self.starts = (starts,) if isinstance(starts, str) else starts
        self.pattern = pattern
        self.title = title
        self.source = source
        self.rule = rule
        self.role = role
        self.more = more
        self._match: Callable[[str], re.Match[str] | None] | None = None

    def match(self, text: str) -> re.Match[str] | None:
        """Match the pattern at the beginning of ``text``."""
        if self._match is None:
            self._match = re.compile(self.pattern).match
        return self._match(text)

    def __repr__(self) -> str:
        return f"Signature({self.kind!r}, {self.pattern!r})"


_row = Signature
_P, _O, _L, _H, _W = (
    Severity.PANIC,
    Severity.OOPS,
    Severity.LOCKUP,
    Severity.HARDWARE,
    Severity.WARNING,
)
_F = r"(?P<F>[A-Za-z_.$][\w.$]*)"
_PANIC = r"Kernel panic - not syncing: "
_WATCHDOG = r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?"
_LOCKDEP = ("WARNING:", "[ INFO:", "INFO:", "[ BUG:", "BUG:", "=[ BUG:")
_WORD = r"=?(?:\[ )?(?P<word>WARNING|INFO|BUG): "
_NAMED_LOCKER = r"(?:.{1,40}/-?\d+ )?"


def _warning(file: str) -> str:
    # kernel/panic.c __warn; the last form is that of 7.x.
    return (
        r"WARNING: (?:CPU: -?\d+ (?:UID: \d+ )?PID: -?\d+ )?"
        rf"(?:at (?P<file>(?:[^ ]*/)?{file}):\d+|(?P<file2>(?:[^ ]*/)?{file}):\d+ at)"
        rf"(?: {_F})?"
    )


def _bug(file: str) -> str:
    return rf"[Kk]ernel BUG at (?:[^ ]*/)?{file}:\d+"


_ANY_FILE = r"[^ :]+"
_DIED = r" [0-9a-f]{4}\b"  # the error code; "[#1]" follows

# First match wins; the more telling row stands before the general one.
SIGNATURES: tuple[Signature, ...] = (
    # --- panic -------------------------------------------------------------
    _row(
        "panic",
        _P,
        "Kernel panic",
        _PANIC + r"corrupted stack end",
        title="kernel panic: corrupted stack end",
        rule="sleep",
        source="kernel/sched/core.c schedule_debug",
    ),
    _row(
        "panic",
        _P,
        "Kernel panic",
        _PANIC + rf"stack-protector: Kernel stack is corrupted in: {_F}?",
        title="kernel panic: stack is corrupted",
        rule="named-only",
        source="kernel/panic.c __stack_chk_fail",
    ),
    _row(
        "panic",
        _P,
        "Kernel panic",
        _PANIC + r"kernel stack overflow",
        title="kernel stack overflow",
        rule="stall",
        source="arch/arm64/kernel/traps.c panic_bad_stack",
    ),
    _row(
        "panic",
        _P,
        "Kernel panic",
        r"Kernel panic - not syncing(?:: (?P<reason>.*))?",
        title="kernel panic: {reason}",
        source="kernel/panic.c vpanic",
    ),
    _row(
        "panic",
        _P,
        "Insufficient stack space",
        r"Insufficient stack space to handle exception!",
        title="kernel stack overflow",
        rule="stall",
        role="prelude",
        source="arch/arm64/kernel/traps.c panic_bad_stack",
    ),
    _row(
        "oops",
        _O,
        "PANIC:",
        r"PANIC: double fault",
        title="PANIC: double fault",
        rule="pc-only",
        role="die",
        source="arch/x86/kernel/doublefault_64.c, traps.c",
    ),
    # --- sanitizers --------------------------------------------------------
    _row(
        "kasan",
        _O,
        "BUG:",
        r"BUG: KASAN: (?:double-free or invalid-free|double-free|invalid-free)"
        rf"(?: in {_F})?",
        title="KASAN: invalid-free",
        rule="named-free",
        source="mm/kasan/report.c kasan_report_invalid_free",
    ),
    _row(
        "kasan",
        _O,
        "BUG:",
        rf"BUG: KASAN: (?P<type>[a-z-]+)(?: on address| in )?(?:{_F})?",
        title="KASAN: {type} {access}",
        rule="named",
        more=r"(?P<access>Read|Write) (?:of size|at addr)",
        source="mm/kasan/report.c print_error_description",
    ),
    _row(
        "kfence",
        _O,
        "BUG:",
        rf"BUG: KFENCE: (?P<type>[a-z -]+?)(?: in {_F}|$)",
        title="KFENCE: {type}",
        rule="named",
        source="mm/kfence/report.c kfence_report_error",
    ),
    _row(
        "kmsan",
        _O,
        "BUG:",
        rf"BUG: KMSAN: (?P<type>[a-z-]+)(?: in {_F})?",
        title="KMSAN: {type}",
        rule="named",
        source="mm/kmsan/report.c kmsan_report",
    ),
    _row(
        "kcsan",
        _W,
        "BUG:",
        rf"BUG: KCSAN: (?P<type>[a-z: -]+) in {_F}(?:\+0x[0-9a-f]+/0x[0-9a-f]+)? / "
        r"(?P<other>[\w.$]+)",
        title="KCSAN: {type} in {F} / {other}",
        rule="named-only",
        source="kernel/kcsan/report.c print_report",
    ),
    _row(
        "kcsan",
        _W,
        "BUG:",
        rf"BUG: KCSAN: (?P<type>[a-z: -]+) in {_F}",
        title="KCSAN: {type}",
        rule="named-only",
        source="kernel/kcsan/report.c print_report",
    ),
    _row(
        "kcsan",
        _W,
        "BUG:",
        r"BUG: KCSAN: (?P<type>.*)",
        title="KCSAN: {type}",
        source="kernel/kcsan/report.c print_report, cut short",
    ),
    _row(
        "ubsan",
        _W,
        "UBSAN:",
        r"UBSAN: Undefined behaviour in ",
        title="UBSAN: undefined-behaviour",
        rule="trace",
        source="lib/ubsan.c ubsan_prologue, before 5.9",
    ),
    _row(
        "ubsan",
        _W,
        "UBSAN:",
        r"UBSAN: (?P<type>[A-Za-z -]+?)(?: in |:|$)",
        title="UBSAN: {type}",
        rule="trace",
        source="lib/ubsan.c ubsan_prologue",
    ),
    # --- page faults -------------------------------------------------------
    _row(
        "oops",
        _O,
        ("BUG:", "Unable to handle", "CPU "),
        r"(?:BUG: |CPU \d+ )?(?:[Uu]nable to handle )?"
        r"[Kk]ernel NULL pointer dereference",
        title="BUG: unable to handle kernel NULL pointer dereference",
        rule="pc",
        source="arch/x86/mm/fault.c, arch/powerpc/mm/fault.c, arch/arm64/mm/fault.c",
    ),
    _row(
        "oops",
        _O,
        ("BUG:", "Unable to handle"),
        r"(?:BUG: )?Unable to handle kernel access to user memory",
        title="BUG: unable to handle kernel access to user memory",
        rule="pc",
        source="arch/riscv/mm/fault.c, arch/arm64/mm/fault.c",
    ),
    _row(
        "oops",
        _O,
        "Unable to handle",
        r"Unable to handle kernel pointer dereference",
        title="BUG: unable to handle kernel pointer dereference",
        rule="pc",
        source="arch/s390/mm/fault.c do_no_context",
    ),
    _row(
        "oops",
        _O,
        ("BUG:", "Unable to handle", "CPU "),
        r"(?:BUG: |CPU \d+ )?(?:[Uu]nable to handle (?:kernel paging request|"
        r"page fault for address|kernel data access|kernel instruction fetch|"
        r"kernel unaligned)|"
        r"unable to handle kernel$|unable to handle $)",
        title="BUG: unable to handle kernel paging request",
        rule="pc",
        source="arch/x86/mm/fault.c show_fault_oops; arm, arm64, riscv, powerpc, mips",
    ),
    _row(
        "oops",
        _O,
        "Unable to handle",
        r"Unable to handle kernel (?P<what>(?:execute|write|read)[a-z -]*?"
        r"(?: memory)) at ",
        title="BUG: unable to handle kernel {what}",
        rule="pc",
        source="arch/arm64/mm/fault.c __do_kernel_fault",
    ),
    _row(
        "oops",
        _O,
        ("BUG:", "Unable to handle"),
        r"(?:BUG: )?[Uu]nable to handle (?P<what>.*)",
        title="BUG: unable to handle {what}",
        rule="pc",
        source="the fault handlers, in a wording that no row above knows",
    ),
    _row(
        "oops",
        _O,
        "BUG:",
        r"BUG: (?:\S+ )?stack guard page was hit",
        title="BUG: stack guard page was hit",
        rule="stall",
        source="arch/x86/kernel/traps.c handle_stack_overflow",
    ),
    # --- exceptions --------------------------------------------------------
    _row(
        "oops",
        _O,
        ("general protection", "Oops:"),
        r"(?:Oops: )?general protection fault[:,]",
        title="general protection fault",
        rule="pc",
        role="die",
        source="arch/x86/kernel/traps.c exc_general_protection",
    ),
    _row(
        "oops",
        _O,
        ("invalid opcode", "Oops:"),
        r"(?:Oops: )?invalid opcode:" + _DIED,
        title="invalid opcode",
        rule="pc-only",
        role="die",
        source="arch/x86/kernel/traps.c handle_invalid_op",
    ),
    _row(
        "oops",
        _O,
        ("divide error", "divide_error", "Oops:"),
        r"(?:Oops: )?divide[ _]error:" + _DIED,
        title="divide error",
        rule="pc-only",
        role="die",
        source="arch/x86/kernel/traps.c exc_divide_error",
    ),
    _row(
        "oops",
        _O,
        ("stack segment", "Oops:"),
        r"(?:Oops: )?stack segment:" + _DIED,
        title="stack segment fault",
        rule="pc",
        role="die",
        source="arch/x86/kernel/traps.c exc_stack_segment",
    ),
    _row(
        "oops",
        _O,
        ("int3:", "Oops:"),
        r"(?:Oops: )?int3:" + _DIED,
        title="int3",
        rule="pc",
        role="die",
        source="arch/x86/kernel/traps.c exc_int3",
    ),
    _row(
        "oops",
        _O,
        ("double fault", "Oops:"),
        r"(?:Oops: )?double fault:" + _DIED,
        title="PANIC: double fault",
        rule="pc-only",
        role="die",
        source="arch/x86/kernel/traps.c exc_double_fault",
    ),
    _row(
        "oops",
        _O,
        ("stack guard page", "Oops:"),
        r"(?:Oops: )?stack guard page:" + _DIED,
        title="BUG: stack guard page was hit",
        rule="stall",
        role="die",
        source="arch/x86/kernel/traps.c handle_stack_overflow",
    ),
    _row(
        "oops",
        _O,
        (
            "control protection",
            "alignment check",
            "bounds:",
            "overflow:",
            "segment not",
            "invalid TSS",
            "simd exception",
            "Oops:",
        ),
        r"(?:Oops: )?(?P<what>control protection fault|alignment check|bounds|"
        r"overflow|segment not present|invalid TSS|simd exception):" + _DIED,
        title="{what}",
        rule="pc",
        role="die",
        source="arch/x86/kernel/traps.c",
    ),
    _row(
        "oops",
        _O,
        "Internal error:",
        r"Internal error: .*",
        title="Internal error",
        rule="pc",
        role="die",
        source="arch/arm64/kernel/traps.c die, arch/arm/kernel/traps.c",
    ),
    _row(
        "oops",
        _O,
        "Unhandled fault:",
        r"Unhandled fault: ",
        title="Unhandled fault",
        rule="pc",
        source="arch/arm/mm/fault.c do_DataAbort",
    ),
    _row(
        "oops",
        _O,
        "Alignment trap:",
        r"Alignment trap: (?:not handling|.*\[#)",
        title="Alignment trap",
        rule="pc",
        source="arch/arm/mm/alignment.c do_alignment",
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
            "privileged operation",
            "fixed point divide",
            "operand exception",
            "execute exception",
            "translation exception",
            "vector processing",
            "page translation",
            "segment translation",
            "region ",
        ),
        r"(?P<what>[A-Za-z -]+): [0-9a-f]{4} ilc:\d+ \[#\d+\]",
        title="{what}",
        rule="pc",
        role="die",
        source="arch/s390/kernel/traps.c, dumpstack.c die",
    ),
    _row(
        "bug",
        _O,
        ("Kernel BUG", "Oops"),
        r"(?:Oops - )?Kernel BUG \[#\d+\]",
        title="kernel BUG",
        rule="bug",
        role="die",
        source="arch/riscv/kernel/traps.c handle_break",
    ),
    _row(
        "oops",
        _O,
        "Oops",
        r"Oops(?: - [^\[]+|: .*)?(?: \[#\d+\]|: [0-9a-f]{4}\b)",
        title="Oops",
        rule="pc",
        role="die",
        source="arch/*/kernel/dumpstack.c, traps.c die",
    ),
    _row(
        "oops",
        _O,
        "CFI failure",
        rf"CFI failure (?:at|\(target) {_F}?",
        title="CFI failure",
        rule="named",
        source="kernel/cfi.c report_cfi_failure",
    ),
    # --- BUG() ---------------------------------------------------------------
    _row(
        "bug",
        _O,
        ("kernel BUG at", "Kernel BUG at"),
        _bug(r"lib/list_debug\.c"),
        title="BUG: corrupted list",
        rule="bug",
        source="lib/list_debug.c",
    ),
    _row(
        "bug",
        _O,
        ("kernel BUG at", "Kernel BUG at"),
        _bug(r"mm/usercopy\.c"),
        title="BUG: bad usercopy",
        rule="bug",
        source="mm/usercopy.c usercopy_abort",
    ),
    _row(
        "bug",
        _O,
        ("kernel BUG at", "Kernel BUG at"),
        r"[Kk]ernel BUG at (?P<file>[^ :!]+)",
        title="kernel BUG",
        rule="bug",
        source="lib/bug.c report_bug",
    ),
    _row(
        "bug",
        _O,
        ("list_add", "list_del"),
        r"list_(?:add|del)(?:_rcu)? (?:double add|corruption)",
        title="BUG: corrupted list",
        rule="bug",
        role="prelude",
        source="lib/list_debug.c",
    ),
    _row(
        "bug",
        _O,
        "rust_kernel:",
        r"rust_kernel: panicked at",
        title="{next}",
        rule="rust",
        source="rust/kernel/lib.rs panic",
    ),
    # --- memory ----------------------------------------------------------------
    _row(
        "memory-corruption",
        _O,
        "BUG:",
        r"BUG: Bad page (?P<what>state|cache)",
        title="BUG: Bad page {what}",
        rule="bad-page",
        source="mm/page_alloc.c bad_page",
    ),
    _row(
        "memory-corruption",
        _O,
        "BUG:",
        r"BUG: (?P<what>Bad page map|Bad page table|Bad rss-counter state|Bad swap|"
        r"non-zero \w+ on freeing mm)",
        title="BUG: {what}",
        source="mm/memory.c print_bad_pte, kernel/fork.c check_mm",
    ),
    _row(
        "memory-corruption",
        _O,
        "BUG ",
        # With KASAN this line only repeats a report that has its own start line.
        r"BUG (?P<name>[^ ]+) \((?:Not tainted|Tainted: [A-Z ]+|[A-Z ]+)[^)]*\): "
        r"(?!kasan: )(?P<what>.+)",
        title="BUG {name}: {what}",
        source="mm/slub.c slab_bug",
    ),
    _row(
        "memory-corruption",
        _O,
        "INFO: ",
        r"INFO: (?:Freed|Allocated) in .* age=\d+",
        title="{text}",
        role="detail",
        source="mm/slub.c print_track, when the lines before it were lost",
    ),
    _row(
        "memory-leak",
        _W,
        "BUG:",
        r"BUG: memory leak",
        title="memory leak",
        rule="leak",
        source="mm/kmemleak.c print_unreferenced, as relayed by test rigs",
    ),
    # --- lockups and stalls --------------------------------------------------
    _row(
        "soft-lockup",
        _L,
        ("BUG: soft", "watchdog:", "NMI watchdog:"),
        _WATCHDOG + r"BUG: soft lockup",
        title="BUG: soft lockup",
        rule="stall",
        source="kernel/watchdog.c watchdog_timer_fn",
    ),
    _row(
        "hard-lockup",
        _L,
        ("watchdog:", "NMI watchdog:", "Watchdog detected", "CPU "),
        r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP|"
        r"(?:watchdog: )?CPU \d+ (?:self-detected hard|detected hard|Hard) LOCKUP",
        title="hard lockup",
        rule="hard",
        source="kernel/watchdog_hld.c, arch/powerpc/kernel/watchdog.c",
    ),
    _row(
        "workqueue-lockup",
        _L,
        "BUG:",
        r"BUG: workqueue lockup",
        title="BUG: workqueue lockup",
        source="kernel/workqueue.c wq_watchdog_timer_fn",
    ),
    _row(
        "rcu-stall",
        _L,
        ("rcu:", "INFO: rcu"),
        r"(?:rcu: )?INFO: rcu_?\w* .*(?:detected|expedited).* ?stalls?\b",
        title="INFO: rcu detected stall",
        rule="stall",
        source="kernel/rcu/tree_stall.h, kernel/rcu/tasks.h",
    ),
    _row(
        "rcu-stall",
        _L,
        ("rcu:", "rcu_"),
        r"(?:rcu: )?rcu_\w+ kthread starved for",
        title="INFO: rcu detected stall",
        rule="stall",
        role="detail",
        source="kernel/rcu/tree_stall.h rcu_check_gp_kthread_starvation",
    ),
    _row(
        "hung-task",
        _W,
        "INFO: task",
        r"INFO: task .+ blocked.* for more than \d+ seconds",
        title="INFO: task hung",
        rule="hung",
        source="kernel/hung_task.c check_hung_task",
    ),
    _row(
        "hung-task",
        _W,
        "INFO: task",
        r"INFO: task .+ can't die for more than",
        title="INFO: task can't die",
        rule="hung",
        source="kernel/hung_task.c check_killed_task",
    ),
    # --- hardware --------------------------------------------------------------
    _row(
        "machine-check",
        _H,
        "mce:",
        r"mce: \[Hardware Error\]: CPU \d+: Machine Check",
        title="machine check",
        source="arch/x86/kernel/cpu/mce/core.c print_mce",
    ),
    _row(
        "machine-check",
        _H,
        ("CPU ",),
        r"CPU \d+: Machine Check Exception:",
        title="machine check",
        source="arch/x86/kernel/cpu/mcheck/mce.c print_mce, before 2.6.33",
    ),
    _row(
        "machine-check",
        _H,
        ("[Hardware Error]", "{"),
        r"(?:\{\d+\})?\[Hardware Error\]: ",
        title="hardware error",
        source="drivers/firmware/efi/cper.c, drivers/acpi/apei",
    ),
    _row(
        "machine-check",
        _H,
        "GHES: Fatal",
        r"GHES: Fatal",
        title="hardware error",
        source="drivers/acpi/apei/ghes.c __ghes_panic",
    ),
    _row(
        "machine-check",
        _H,
        "EDAC ",
        r"EDAC [^ ]+: \d+ (?P<what>UE|CE) ",
        title="memory error ({what})",
        source="drivers/edac/edac_mc.c edac_mc_handle_error",
    ),
    _row(
        "machine-check",
        _H,
        "SError",
        r"SError Interrupt on CPU",
        title="SError interrupt",
        source="arch/arm64/kernel/traps.c arm64_serror_panic",
    ),
    _row(
        "machine-check",
        _H,
        "Memory failure",
        r"Memory failure: (?:0x)?[0-9a-f]+: ",
        title="memory failure",
        source="mm/memory-failure.c action_result",
    ),
    _row(
        "machine-check",
        _H,
        ("Machine check in kernel", "Disabling lock debugging due to MCE"),
        r"Machine check in kernel mode",
        title="machine check",
        source="arch/powerpc/kernel/traps.c machine_check_exception",
    ),
    _row(
        "nmi",
        _H,
        ("Uhhuh.", "NMI: "),
        r"Uhhuh\. (?P<what>NMI received .*reason)|"
        r"(?P<bus>NMI: (?:IOCK|PCI system) error)",
        title="{what}{bus}",
        source="arch/x86/kernel/nmi.c",
    ),
    # --- locking ---------------------------------------------------------------
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"possible (?:circular|recursive) locking",
        title="possible deadlock",
        rule="deadlock",
        source="kernel/locking/lockdep.c print_circular_bug, print_deadlock_bug",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"possible irq lock inversion",
        title="possible deadlock",
        rule="first-at",
        source="kernel/locking/lockdep.c print_irq_inversion_bug",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"\S+-safe -> \S+-unsafe lock order",
        title="possible deadlock",
        rule="unsafe-order",
        source="kernel/locking/lockdep.c print_bad_irq_dependency",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"inconsistent lock state",
        title="inconsistent lock state",
        rule="takes",
        source="kernel/locking/lockdep.c print_usage_bug",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"suspicious RCU usage",
        title="{word}: suspicious RCU usage",
        rule="rcu-usage",
        source="kernel/locking/lockdep.c lockdep_rcu_suspicious",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"trying to register non-static key",
        title="INFO: trying to register non-static key",
        rule="trace",
        source="kernel/locking/lockdep.c assign_lock_key",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"bad unlock balance",
        title="{word}: bad unlock balance",
        rule="release",
        source="kernel/locking/lockdep.c print_unlock_imbalance_bug",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + _NAMED_LOCKER + r"(?P<what>held lock freed|still has locks held|"
        r"lock held when returning to user space)",
        title="{word}: {what}",
        rule="first-at",
        source="kernel/locking/lockdep.c print_freed_lock_bug, print_held_locks_bug",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"[Nn]ested lock was not taken",
        title="{word}: nested lock was not taken",
        rule="trace",
        source="kernel/locking/lockdep.c print_lock_nested_lock_not_held",
    ),
    _row(
        "locking",
        _W,
        _LOCKDEP,
        _WORD + r"[Ii]nvalid wait context",
        title="WARNING: locking bug",
        rule="trace",
        source="kernel/locking/lockdep.c print_lock_invalid_wait_context",
    ),
    _row(
        "locking",
        _W,
        "BUG:",
        r"BUG: (?P<what>(?:spin|rw)lock [a-z -]+?)(?: on CPU|,|!|$)",
        title="BUG: {what}",
        rule="trace",
        source="kernel/locking/spinlock_debug.c spin_dump",
    ),
    _row(
        "locking",
        _W,
        "BUG:",
        r"BUG: workqueue leaked (?:lock or )?atomic|BUG: workqueue leaked",
        title="BUG: workqueue leaked lock or atomic",
        rule="last-function",
        more=rf"last function: {_F}",
        source="kernel/workqueue.c process_one_work",
    ),
    _row(
        "locking",
        _W,
        "BUG:",
        r"BUG: (?P<what>MAX_LOCK\w+ too low|key \S+ (?:not in|has not been))",
        title="BUG: {what}",
        source="kernel/locking/lockdep.c",
    ),
    _row(
        "locking",
        _W,
        ("WARNING:",),
        _warning(r"kernel/locking/lockdep\.c"),
        title="WARNING: locking bug",
        rule="warning",
        source="kernel/locking/lockdep.c",
    ),
    # --- sleeping where one must not -------------------------------------------
    _row(
        "atomic-sleep",
        _W,
        "BUG:",
        r"BUG: (?P<what>scheduling while atomic)",
        title="BUG: {what}",
        rule="sleep",
        source="kernel/sched/core.c __schedule_bug",
    ),
    _row(
        "atomic-sleep",
        _W,
        "BUG:",
        r"BUG: (?P<what>sleeping function called from (?:invalid context)?)",
        title="BUG: sleeping function called from invalid context",
        rule="sleep",
        source="kernel/sched/core.c __might_resched",
    ),
    _row(
        "atomic-sleep",
        _W,
        "BUG:",
        r"BUG: using (?P<what>[^ ]+) in preemptible",
        title="BUG: using {what} in preemptible code",
        rule="sleep",
        source="lib/smp_processor_id.c check_preemption_disabled",
    ),
    # --- warnings ----------------------------------------------------------------
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"lib/refcount\.c"),
        title="WARNING: refcount bug",
        rule="warning",
        source="lib/refcount.c refcount_warn_saturate",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"lib/debugobjects\.c"),
        title="WARNING: ODEBUG bug",
        rule="debug-object",
        source="lib/debugobjects.c debug_print_object",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"mm/usercopy\.c"),
        title="WARNING: bad usercopy",
        rule="warning",
        source="mm/usercopy.c usercopy_warn",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"lib/kobject\.c"),
        title="WARNING: kobject bug",
        rule="warning",
        source="lib/kobject.c",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"fs/proc/generic\.c"),
        title="WARNING: proc registration bug",
        rule="warning",
        source="fs/proc/generic.c",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"mm/[^ :]+").replace(_F, r"(?P<F>_*kmalloc\w*)").removesuffix("?"),
        title="WARNING: kmalloc bug",
        rule="warning",
        source="mm/slab_common.c kmalloc_slab",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"mm/vmalloc\.c"),
        title="WARNING: zero-size vmalloc",
        rule="warning",
        source="mm/vmalloc.c __vmalloc_node_range",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(r"drivers/usb/core/urb\.c"),
        title="WARNING in {F}/usb_submit_urb",
        rule="warning",
        source="drivers/usb/core/urb.c usb_submit_urb",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        _warning(_ANY_FILE),
        title="WARNING",
        rule="warning",
        source="kernel/panic.c __warn",
    ),
    _row(
        "warning",
        _W,
        "WARNING:",
        r"WARNING: kernel stack (?P<what>regs|frame pointer) at .* has bad",
        title="WARNING: kernel stack {what} has bad value",
        source="arch/x86/kernel/unwind_frame.c",
    ),
    _row(
        "warning",
        _W,
        "Badness at",
        r"Badness at ",
        title="WARNING",
        rule="warning",
        source="arch/powerpc/kernel/traps.c, kernels before 2.6.28",
    ),
    # --- other ---------------------------------------------------------------------
    _row(
        "other",
        _W,
        "unregister_netdevice",
        r"unregister_netdevice: waiting for \S+ to become free",
        title="unregister_netdevice: waiting for DEV to become free",
        source="net/core/dev.c netdev_wait_allrefs",
    ),
    _row(
        "other",
        _W,
        "VFS:",
        r"VFS: Busy inodes after unmount",
        title="VFS: Busy inodes after unmount (use-after-free)",
        source="fs/super.c generic_shutdown_super",
    ),
    _row(
        "other",
        _W,
        "VFS:",
        r"VFS: Close: file count is (?:0|zero)",
        title="VFS: Close: file count is zero (use-after-free)",
        source="fs/open.c filp_close",
    ),
    _row(
        "bug",
        _O,
        "BUG:",
        r"BUG: Dentry .* still in use",
        title="BUG: Dentry still in use in unmount",
        source="fs/dcache.c umount_check",
    ),
    _row(
        "bug",
        _O,
        "BUG:",
        r"BUG: ",
        title="{text}",
        source="any other BUG: of the kernel",
    ),
)

# What is worth telling and is no crash. The words stand in the middle of the line, so
# these rows are looked up only by the analysis, never by the collector.
INFO_SIGNATURES: tuple[Signature, ...] = (
    _row(
        "info",
        Severity.INFO,
        "page allocation failure",
        r".{1,40}: page allocation (?:failure|stalls)",
        title="page allocation failure",
        rule="trace",
        source="mm/page_alloc.c warn_alloc",
    ),
    _row(
        "info",
        Severity.INFO,
        "invoked oom-killer",
        r".{1,40} invoked oom-killer:",
        title="out of memory",
        source="mm/oom_kill.c dump_header",
    ),
    _row(
        "info",
        Severity.INFO,
        "]: segfault at ",
        r"(?P<comm>.{1,40})\[\d+\]: segfault at ",
        title="user fault: segfault in {comm}",
        source="arch/x86/mm/fault.c show_signal_msg",
    ),
    _row(
        "info",
        Severity.INFO,
        "] general protection",
        r"(?:traps: )?(?P<comm>.{1,40})\[\d+\] general protection (?:fault )?ip:",
        title="user fault: general protection fault in {comm}",
        source="arch/x86/kernel/traps.c show_signal",
    ),
)
