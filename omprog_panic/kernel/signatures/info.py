"""Lines worth storing that start no crash report. Pure data.

Their words stand in the middle of a line, so only the analysis looks for them, never
the collector.
"""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature
from omprog_panic.model import Severity


def _user_fault(word: str, pattern: str, what: str, source: str) -> Signature:
    # Where the program was init, a panic follows.
    return Signature(
        "info",
        Severity.INFO,
        word,
        pattern,
        title=f"user fault: {what}",
        role="prelude",
        source=source,
    )


INFO: tuple[Signature, ...] = (
    Signature(
        "info",
        Severity.INFO,
        "page allocation failure",
        r".{1,40}: page allocation (?:failure|stalls)",
        title="page allocation failure",
        rule="trace",
        source="mm/page_alloc.c warn_alloc",
    ),
    Signature(
        "oom-kill",
        Severity.INFO,
        "invoked oom-killer",
        r".{1,40} invoked oom-killer:",
        title="out of memory",
        role="prelude",  # the event names the victim
        source="mm/oom_kill.c dump_header",
    ),
    _user_fault(
        "]: segfault",
        r"(?P<comm>.{1,40})\[(?P<pid>\d+)\]: segfault (?:\(\d+\) )?at ",
        "segfault in {comm}",
        "arch/x86/mm/fault.c show_signal_msg; powerpc, sparc",
    ),
    _user_fault(
        "] general protection",
        r"(?:traps: )?(?P<comm>.{1,40})\[(?P<pid>\d+)\] general protection (?:fault "
        r")?ip:",
        "general protection fault in {comm}",
        "arch/x86/kernel/traps.c show_signal",
    ),
    _user_fault(
        "] trap ",
        r"(?:traps: )?(?P<comm>.{1,40})\[(?P<pid>\d+)\] trap (?P<what>[a-z ]{3,30}) "
        r"ip:",
        "{what} in {comm}",
        "arch/x86/kernel/traps.c show_signal",
    ),
    _user_fault(
        ": unhandled ",
        r"(?P<comm>[^:]{1,40}?)(?:\[(?P<pid>\d+)\])?: unhandled (?:signal \d+|"
        r".{3,60}? \(\d+\)) "
        r"(?:code 0x[0-9a-f]+ )?at ",
        "unhandled fault in {comm}",
        "arch/arm/mm/fault.c, arch/arm64/kernel/traps.c, arch/riscv/kernel/traps.c",
    ),
    _user_fault(
        "potentially unexpected fatal signal",
        r"(?:(?P<comm>.{1,40})/(?P<pid>\d+): )?potentially unexpected fatal signal "
        r"(?P<id_signal>\d+)",
        "fatal signal {id_signal}",
        "kernel/signal.c print_fatal_signal",
    ),
    _user_fault(
        "sending SIGSEGV to",
        r"\w+\(\): sending SIGSEGV to (?P<comm>.{1,40}) for ",
        "segfault in {comm}",
        "arch/mips/mm/fault.c, arch/loongarch/mm/fault.c",
    ),
    _user_fault(
        "User process fault:",
        r"User process fault: interruption code",
        "program check",
        "arch/s390/mm/fault.c report_user_fault",
    ),
)
