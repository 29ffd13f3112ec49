"""The rows of architectures: each names its source, and its patterns are usable."""

from __future__ import annotations

import re

import pytest

from omprog_panic.kernel.arch import ARCHITECTURES, Architecture, column

PATTERNS = (
    "program_counter",
    "unnamed_counter",
    "user_counter",
    "registers",
    "die_code",
)


@pytest.mark.parametrize("row", ARCHITECTURES, ids=lambda row: row.name)
def test_every_row_names_its_source_and_its_program_counter(row: Architecture) -> None:
    assert row.source.startswith("arch/")
    assert row.program_counter


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_compiles_and_none_matches_nothing(name: str) -> None:
    assert [p for p in column(name) if re.compile(p).match("")] == []


def test_a_column_has_no_value_twice() -> None:
    headings = column("trace_headings")

    assert sorted(set(headings)) == sorted(headings)
