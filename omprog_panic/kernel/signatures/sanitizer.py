"""Start lines of the sanitizers: KASAN, KFENCE, KMSAN, KCSAN, UBSAN. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import FUNCTION, Signature
from omprog_panic.model import Severity

SANITIZER: tuple[Signature, ...] = (
    Signature(
        "kasan",
        Severity.OOPS,
        "BUG:",
        r"BUG: KASAN: (?:double-free or invalid-free|double-free|invalid-free)"
        rf"(?: in {FUNCTION})?",
        title="KASAN: invalid-free",
        rule="named-free",
        source="mm/kasan/report.c kasan_report_invalid_free",
    ),
    Signature(
        "kasan",
        Severity.OOPS,
        "BUG:",
        rf"BUG: KASAN: (?P<type>[a-z-]+)(?: on address| in )?(?:{FUNCTION})?",
        title="KASAN: {type} {access}",
        rule="named",
        more=r"(?P<access>Read|Write) (?:of size|at addr)",
        source="mm/kasan/report.c print_error_description",
    ),
    Signature(
        "kfence",
        Severity.OOPS,
        "BUG:",
        rf"BUG: KFENCE: (?P<type>[a-z -]+?)(?: in {FUNCTION}|$)",
        title="KFENCE: {type}",
        rule="named",
        source="mm/kfence/report.c kfence_report_error",
    ),
    Signature(
        "kmsan",
        Severity.OOPS,
        "BUG:",
        rf"BUG: KMSAN: (?P<type>[a-z-]+)(?: in {FUNCTION})?",
        title="KMSAN: {type}",
        rule="named",
        source="mm/kmsan/report.c kmsan_report",
    ),
    Signature(
        "kcsan",
        Severity.WARNING,
        "BUG:",
        rf"BUG: KCSAN: (?P<type>[a-z: -]+) in {FUNCTION}"
        r"(?:\+0x[0-9a-f]+/0x[0-9a-f]+)? / (?P<other>[\w.$]+)",
        title="KCSAN: {type} in {F} / {other}",
        rule="named-only",
        source="kernel/kcsan/report.c print_report",
    ),
    Signature(
        "kcsan",
        Severity.WARNING,
        "BUG:",
        rf"BUG: KCSAN: (?P<type>[a-z: -]+) in {FUNCTION}",
        title="KCSAN: {type}",
        rule="named-only",
        source="kernel/kcsan/report.c print_report",
    ),
    Signature(
        "kcsan",
        Severity.WARNING,
        "BUG:",
        r"BUG: KCSAN: (?P<type>.*)",
        title="KCSAN: {type}",
        source="kernel/kcsan/report.c print_report, cut short",
    ),
    Signature(
        "ubsan",
        Severity.WARNING,
        "UBSAN:",
        r"UBSAN: Undefined behaviour in ",
        title="UBSAN: undefined-behaviour",
        rule="trace",
        source="lib/ubsan.c ubsan_prologue, before 5.9",
    ),
    Signature(
        "ubsan",
        Severity.WARNING,
        "UBSAN:",
        r"UBSAN: (?P<type>[A-Za-z -]+?)(?: in |:|$)",
        title="UBSAN: {type}",
        rule="trace",
        source="lib/ubsan.c ubsan_prologue",
    ),
)
