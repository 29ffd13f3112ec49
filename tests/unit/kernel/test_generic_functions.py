"""The table that tools/generic_functions.py writes, and how blame uses it."""

from __future__ import annotations

from omprog_panic.kernel.blame import Evidence, find_function
from omprog_panic.kernel.call_trace import parse_items
from omprog_panic.kernel.generic_functions import GENERIC_FUNCTIONS
from omprog_panic.kernel.skip_frames import is_skipped


def blame(*names: str) -> str | None:
    texts = ["Call Trace:", *(f" {name}+0x1/0x2" for name in names)]
    return find_function("trace", Evidence(texts, parse_items(texts), None))


def test_the_table_holds_what_no_pattern_matches() -> None:
    assert len(GENERIC_FUNCTIONS) > 1000
    assert [name for name in GENERIC_FUNCTIONS if is_skipped(name)] == []


def test_a_generic_function_is_blamed_only_where_nothing_else_is_left() -> None:
    generic = next(n for n in sorted(GENERIC_FUNCTIONS) if n.startswith("perf_trace_"))

    assert blame(generic, "acme_open") == "acme_open"
    assert blame(generic) == generic
