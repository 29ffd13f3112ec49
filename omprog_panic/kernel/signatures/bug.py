"""Start lines of BUG() and of memory corruption. Pure data."""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature
from omprog_panic.model import Severity


def _bug(file: str) -> str:
    return rf"[Kk]ernel BUG at (?:[^ ]*/)?{file}:\d+"


BUG: tuple[Signature, ...] = (
    Signature(
        "bug",
        Severity.OOPS,
        ("kernel BUG at", "Kernel BUG at"),
        _bug(r"lib/list_debug\.c"),
        title="BUG: corrupted list",
        rule="bug",
        source="lib/list_debug.c",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        ("kernel BUG at", "Kernel BUG at"),
        _bug(r"mm/usercopy\.c"),
        title="BUG: bad usercopy",
        rule="bug",
        source="mm/usercopy.c usercopy_abort",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        ("kernel BUG at", "Kernel BUG at"),
        r"[Kk]ernel BUG at (?P<file>[^ :!]+)",
        title="kernel BUG",
        rule="bug",
        source="lib/bug.c report_bug",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        ("list_add", "list_del"),
        r"list_(?:add|del)(?:_rcu)? (?:double add|corruption)",
        title="BUG: corrupted list",
        rule="bug",
        role="prelude",
        source="lib/list_debug.c",
    ),
    Signature(
        "bug",
        Severity.OOPS,
        "rust_kernel:",
        r"rust_kernel: panicked at",
        title="{next}",
        rule="rust",
        source="rust/kernel/lib.rs panic",
    ),
    Signature(
        "memory-corruption",
        Severity.OOPS,
        "BUG:",
        r"BUG: Bad page (?P<what>state|cache)",
        title="BUG: Bad page {what}",
        rule="bad-page",
        source="mm/page_alloc.c bad_page",
    ),
    Signature(
        "memory-corruption",
        Severity.OOPS,
        "BUG:",
        r"BUG: (?P<what>Bad page map|Bad page table|Bad rss-counter state|Bad swap|"
        r"non-zero \w+ on freeing mm)",
        title="BUG: {what}",
        source="mm/memory.c print_bad_pte, kernel/fork.c check_mm",
    ),
    Signature(
        "memory-corruption",
        Severity.OOPS,
        "BUG ",
        # With KASAN this line only repeats a report that has its own start line.
        r"BUG (?P<name>[^ ]+) \((?:Not tainted|Tainted: [A-Z ]+|[A-Z ]+)[^)]*\): "
        r"(?!kasan: )(?P<what>.+)",
        title="BUG {name}: {what}",
        source="mm/slub.c slab_bug",
    ),
    Signature(
        "memory-corruption",
        Severity.OOPS,
        "INFO: ",
        r"INFO: (?:Freed|Allocated) in .* age=\d+",
        title="{text}",
        role="detail",
        source="mm/slub.c print_track, when the lines before it were lost",
    ),
    Signature(
        "memory-leak",
        Severity.WARNING,
        "BUG:",
        r"BUG: memory leak",
        title="memory leak",
        rule="leak",
        source="mm/kmemleak.c print_unreferenced, as relayed by test rigs",
    ),
)
