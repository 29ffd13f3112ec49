from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from omprog_panic.cli.table import Column, table_lines

COLUMNS = (
    Column("host", 0, 8), Column("title", 0, 20), Column("severity", 2),
    Column("time", 1), Column("id"),
)  # fmt: skip
ROW = {
    "host": "db-07.example.org",
    "title": "BUG: unable to handle page fault in ext4_writepages",
    "severity": "oops",
    "time": "2026-11-27 22:15:42",
    "id": "3f2a0001",
}


def test_without_a_width_nothing_is_cut() -> None:
    [_, line] = table_lines(COLUMNS, [ROW], None)

    assert all(value in line for value in ROW.values())


def test_at_80_columns_everything_is_there() -> None:
    head, line = table_lines(COLUMNS, [ROW], 80)

    assert head.split() == ["host", "title", "severity", "time", "id"]
    assert line == (
        "db-07.examp…  BUG: unable to handle pa…  oops      2026-11-27 22:15:42  "
        "3f2a0001"
    )


def test_at_40_columns_host_title_and_id_are_left() -> None:
    head, line = table_lines(COLUMNS, [ROW], 40)

    assert head.split() == ["host", "title", "id"]
    assert line == "db-07.e…  BUG: unable to hand…  3f2a0001"


def test_a_wide_letter_takes_two_cells_and_an_accent_none() -> None:
    rows = [{"a": "中文中文", "b": "x"}, {"a": "e\u0301", "b": "y"}]

    lines = table_lines([Column("a", 0, 2), Column("b")], rows, 8)
    assert lines == ["a      b", "中文…  x", "e\u0301      y"]


def test_an_underscore_of_a_key_is_a_space_in_the_head() -> None:
    assert table_lines([Column("last_heard")], [], None) == ["last heard"]


@given(
    rows=st.lists(
        st.fixed_dictionaries({c.name: st.text(max_size=60) for c in COLUMNS[:2]}),
        max_size=4,
    ),
    width=st.integers(40, 120),
)
def test_no_line_is_wider_than_the_terminal(
    rows: list[dict[str, str]], width: int
) -> None:
    full = [{**ROW, **row} for row in rows]

    assert all(cell_len(line) <= width for line in table_lines(COLUMNS, full, width))


@pytest.mark.parametrize("width", [0, 1, 10, 30])
def test_a_terminal_that_is_too_narrow_still_gets_the_id(width: int) -> None:
    assert table_lines(COLUMNS, [ROW], width)[1].endswith("3f2a0001")
