"""By what a crash is recognised when it comes again."""

from __future__ import annotations

import pytest

from omprog_panic.collector.start_mark import (
    MAX_MARKS_OF_TRACE,
    StartLines,
    StartMark,
    are_known,
    names_panic,
)

PANIC = "Kernel panic - not syncing: Fatal exception"
AT = "2026-11-22T21:00:{:02}.000000+00:00"


def mark(second: int, text: str = PANIC, time_us: int | None = 5) -> StartMark:
    return StartMark(time_us, text, AT.format(second), panic="panic" in text)


@pytest.mark.parametrize(
    ("end", "names"),
    [
        (f"---[ end {PANIC} ]---", True),
        (f"---[ end {PANIC}", True),
        (f"---[ end {PANIC} in interrupt ]---", False),
        ("---[ end Kernel panic - not syncing: ", False),
    ],
    ids=["5.4", "4.15", "another", "empty"],
)
def test_an_end_marker_names_its_panic(end: str, names: bool) -> None:
    assert names_panic(end, PANIC) is names


def test_a_long_panic_may_be_cut_in_either_line() -> None:
    long = PANIC + "x" * 600

    assert names_panic(f"---[ end {long} ]---", long[:512])
    assert names_panic(f"---[ end {long[:700]}", long + "y" * 300)


def test_each_panic_of_a_trace_must_end() -> None:
    starts = StartLines()
    starts.add(mark(1))
    starts.add(mark(2, f"{PANIC} forged"))

    assert not starts.all_end_with(f"---[ end {PANIC} forged ]---")
    assert not starts.all_end_with("---[ end Kernel panic - not syncing: third ]---")
    assert starts.all_end_with(f"---[ end {PANIC} ]---")


def test_a_copy_of_a_start_line_is_no_other() -> None:
    starts = StartLines()
    for second in (1, 2, 40):
        starts.add(mark(second))

    assert [m.at for m in starts.marks] == [AT.format(1), AT.format(40)]
    assert starts.all_end_with(f"---[ end {PANIC} ]---")


def test_so_many_start_lines_are_remembered() -> None:
    starts = StartLines()
    for number in range(40):
        starts.add(mark(1, time_us=number))

    assert len(starts.marks) == MAX_MARKS_OF_TRACE


def test_one_equal_line_makes_a_crash_known_but_no_panic_that_is_new() -> None:
    oops = mark(1, "BUG: x")

    assert are_known([oops, mark(2, "Oops: 0002")], [oops])
    assert not are_known([oops, mark(2)], [oops])
    assert not are_known([mark(2, "Oops: 0002")], [oops])
    assert not are_known([mark(20)], [mark(1)], within_s=5.0)
