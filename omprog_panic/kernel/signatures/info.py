"""Lines worth storing that start no crash report. Pure data.

Their words stand in the middle of a line, so only the analysis looks for them, never
the collector.
"""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature
from omprog_panic.model import Severity

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
        "info",
        Severity.INFO,
        "invoked oom-killer",
        r".{1,40} invoked oom-killer:",
        title="out of memory",
        source="mm/oom_kill.c dump_header",
    ),
    Signature(
        "info",
        Severity.INFO,
        "]: segfault at ",
        r"(?P<comm>.{1,40})\[\d+\]: segfault at ",
        title="user fault: segfault in {comm}",
        source="arch/x86/mm/fault.c show_signal_msg",
    ),
    Signature(
        "info",
        Severity.INFO,
        "] general protection",
        r"(?:traps: )?(?P<comm>.{1,40})\[\d+\] general protection (?:fault )?ip:",
        title="user fault: general protection fault in {comm}",
        source="arch/x86/kernel/traps.c show_signal",
    ),
)
