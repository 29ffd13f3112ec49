"""What differs between architectures, one row each. Pure data.

A new architecture is a row here and a sample in tests/corpus/oops. Everything else in
this package is the same for all of them: a call trace has frames of the form
``symbol+0xOFFSET/0xSIZE [module]``, with at most three addresses before them
(kernel/call_trace.py).

Names of functions are given without leading underscores, in the syntax of
kernel/skip_frames.py: ``*`` stands for letters, digits and underscores, ``#`` for
digits. All other columns are regular expressions.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """How one architecture prints a crash; one attribute a column of the table."""

    name: str
    source: str
    """The kernel files that print what the other columns match."""
    program_counter: tuple[str, ...] = ()
    """What stands before the symbol in the line of the program counter."""
    unnamed_counter: tuple[str, ...] = ()
    """A program counter that is no symbol of the kernel: a jump to nowhere."""
    user_counter: tuple[str, ...] = ()
    """A program counter of user space."""
    split_counter: tuple[str, ...] = ()
    """The label of a program counter line that old kernels print in two pieces."""
    trace_headings: tuple[str, ...] = ("Call Trace",)
    """What stands above the frames of a call trace; a colon follows."""
    registers: tuple[str, ...] = ()
    """Names at the beginning of a line of registers; ``:`` or ``=`` follows."""
    exception_entries: str = ""
    """Functions that handle a fault of the kernel: they are never to blame."""
    page_fault_entries: str = ""
    """Functions that dispatch a page fault of user space."""
    interrupt_entries: str = ""
    """Entries of interrupts: the frames below them are the interrupted code."""
    system_call_entries: str = ""
    """Entries from user space, the end of what a stack can tell."""
    die_strings: tuple[str, ...] = ()
    """What ``die`` prints as the first words of an oops, where it says more than
    ``Oops``; the error code follows (``die_code``)."""
    die_code: tuple[str, ...] = ()


ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(
        name="x86",
        source="arch/x86/kernel/{dumpstack,process_64,process_32,traps}.c, "
        "arch/x86/entry, arch/x86/mm/fault.c",
        program_counter=(
            # also the repeated line of 2.6 to 4.x
            r"RIP:? +(?:[0-9a-f]{4}:)?(?:\[<[0-9a-f]+>\] *)*(?:0x[0-9a-f]+:)?",
            r"EIP:? (?:is at |[0-9a-f]{4}:(?:\[<[0-9a-f]+>\])?)?",
            r"IP: (?:\[<[0-9a-f]+>\] *)?",  # before 4.10
        ),
        unnamed_counter=(
            r"RIP: 0010:(?:0x[0-9a-f]+| *\(null\))$",
            r"RIP: 0010:(?:\[<[0-9a-f]+>\] *){1,2}(?:0x[0-9a-f]+|[0-9a-f]{8,16})?$",
            r"RIP: 0010:(?:\[<[0-9a-f]+>\] *){1,2}\(null\)$",
        ),
        user_counter=("RIP: 00[23]3:", "EIP: 00[27]3:"),
        split_counter=("RIP", "EIP", "IP"),
        registers=(
            "RSP", "RAX", "RDX", "RBP", r"R\d\d", "FS", "CS", "DS", r"CR\d", r"DR\d",
            "EAX", "ESI", "ESP", "EDX", "EFLAGS",
        ),
        exception_entries="""
            do_trap* do_error_trap do_invalid_op do_divide_error
            do_general_protection do_int3 do_double_fault do_stack_segment
            do_debug_exception exc_* asm_exc_* noist_exc_* invalid_op divide_error
            general_protection double_fault page_fault* async_page_fault error_code
            error_entry error_exit retint_* no_context kernelmode_fixup_or_oops
            fixup_exception vmalloc_fault mm_fault_error do_user_addr_fault
            do_kern_addr_fault handle_page_fault do_bad_area do_page_fault*
            handle_bug fixup_bug* bad_kernel_*
        """,
        page_fault_entries="""
            do_user_addr_fault do_page_fault asm_exc_page_fault exc_page_fault
            page_fault handle_page_fault async_page_fault
        """,
        interrupt_entries="""
            apic_timer_interrupt call_function*_interrupt reschedule_interrupt
            common_interrupt hyperv*_interrupt irq_work_interrupt
            smp_apic_timer_interrupt smp_call_function*_interrupt
            smp_reschedule_interrupt smp_common_interrupt smp_hyperv*_interrupt
            smp_irq_work_interrupt asm_common_interrupt asm_sysvec_*
            sysvec_apic_timer_interrupt sysvec_call_function*_interrupt
            sysvec_reschedule_interrupt sysvec_common_interrupt
            sysvec_hyperv*_interrupt sysvec_irq_work_interrupt
            irq_entries_start ret_from_intr nmi asm_exc_nmi end_repeat_nmi
        """,
        system_call_entries="""
            syscall* do_syscall* entry_SYS* entry_INT80* do_fast_syscall*
            do_int80_syscall* system_call* sysenter* tracesys*
        """,
    ),
    Architecture(
        name="arm",
        source="arch/arm/kernel/{process,traps,entry-armv}.{c,S}, arch/arm/mm/fault.c",
        program_counter=(r"PC is at ",),
        trace_headings=("Backtrace", "Call trace"),
        unnamed_counter=("PC is at 0x",),
        split_counter=("PC",),
        registers=(r"r\d+", "sp"),
        exception_entries="""
            do_undefinstr* do_DataAbort do_PrefetchAbort do_translation_fault
            do_bad_area do_kernel_fault und_svc dabt_svc pabt_svc
        """,
        page_fault_entries="do_DataAbort* do_translation*",
        interrupt_entries="irq_svc",
        system_call_entries="ret_fast_syscall",
    ),
    Architecture(
        name="arm64",
        source="arch/arm64/kernel/{process,traps,entry-common}.c, mm/fault.c",
        program_counter=(r"pc : (?:\[<[0-9a-f]+>\] *)?",),
        unnamed_counter=("pc : 0x",),
        trace_headings=("Call trace",),
        registers=(r"x\d+", "pstate", "sp", "lr"),
        exception_entries="""
            do_mem_abort do_sp_pc_abort do_translation_fault do_tag_check_fault
            do_kernel_fault el0_* el0t_* el1_* el1h_* do_el1_undef undef_handler
            do_serror arm64_serror_panic arm64_is_fatal_ras_serror panic_unhandled
            die_kernel_fault
            bug_handler brk_handler call_break_hook
        """,
        page_fault_entries="do_translation* do_mem_abort*",
        interrupt_entries="el1_irq el1h_irq el1_64_irq el1h_64_irq el1irq el1hirq",
        system_call_entries="el0_* el0t_* do_el0_svc invoke_syscall",
    ),
    Architecture(
        name="riscv, mips",
        source="arch/riscv/kernel/{process,traps}.c, arch/mips/kernel/traps.c",
        program_counter=(r"epc +: (?:[0-9a-f]+ )?",),
        registers=("ra", "gp", r"t\d", r"s\d+", r"a\d", "status"),
        exception_entries="ret_from_exception",
        interrupt_entries="handle_exception",
        system_call_entries="handle_exception",
    ),
    Architecture(
        name="powerpc",
        source="arch/powerpc/kernel/{process,traps}.c, arch/powerpc/mm/fault.c",
        program_counter=(r"NIP \[[0-9a-f]+\] ", r"pc: [0-9a-f]{8,16}: "),
        unnamed_counter=(r"NIP \[[0-9a-f]+\] 0x",),
        split_counter=("NIP",),
        registers=(r"GPR\d\d", "MSR", "REGS", "LR", "CFAR"),
        exception_entries="bad_page_fault program_check_* data_access_*",
        interrupt_entries="decrementer_common* hardware_interrupt*",
    ),
    Architecture(
        name="s390",
        source="arch/s390/kernel/{dumpstack,traps,entry}.{c,S}, arch/s390/mm/fault.c",
        program_counter=(r"Krnl PSW : [0-9a-f]+ [0-9a-f]+ \(",),
        registers=("Krnl GPRS",),
        exception_entries="pgm_check*",
        interrupt_entries="ext_int_handler",
        die_strings=(
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
        die_code=(r"(?P<what>[A-Za-z -]+): [0-9a-f]{4} ilc:\d+ \[#\d+\]",),
    ),
    Architecture(
        name="loongarch",
        source="arch/loongarch/kernel/{process,traps}.c",
        program_counter=(r"ERA *: [0-9a-f]+ ", r"pc *: [0-9a-f]+ "),
        registers=("ra",),
    ),
    Architecture(
        name="sparc",
        source="arch/sparc/kernel/{process_64,traps_64}.c",
        program_counter=("TPC: <",),
    ),
    Architecture(
        name="alpha, ia64, parisc, csky and others",
        source="arch/*/kernel/process.c",
        program_counter=(
            r"PC: \[<[0-9a-f]+>\] ",
            r"PC: 0x[0-9a-f]+ \(",
            r"IAOQ\[0\]: ",
            "[pi][cp] is at ",
        ),
        registers=("psr",),
    ),
)  # fmt: skip


def column(name: str) -> tuple[str, ...]:
    """Return the patterns of a column of all rows, in the order of the rows.

    >>> column("split_counter")
    ('RIP', 'EIP', 'IP', 'PC', 'NIP')
    """
    patterns: list[str] = []
    for row in ARCHITECTURES:
        value: str | tuple[str, ...] = getattr(row, name)
        patterns.extend(value.split() if isinstance(value, str) else value)
    return tuple(dict.fromkeys(patterns))
