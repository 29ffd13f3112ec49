"""What one open report keeps, and which lines continue it."""

from __future__ import annotations

from omprog_panic.kernel.line import Line
from omprog_panic.kernel.report_lines import (
    MAX_LINES,
    MAX_TEXT,
    SETTLE_LINES,
    SETTLE_US,
    ReportLines,
)
from omprog_panic.kernel.signature import StartLine
from omprog_panic.kernel.start_line import match_start_line

OOPS = "BUG: kernel NULL pointer dereference, address: 0000000000000008"


def start_of(text: str) -> StartLine:
    start = match_start_line(text)
    assert start is not None
    return start


def opened(text: str = OOPS, time_us: int | None = None) -> ReportLines:
    return ReportLines(Line(1, text, time_us, stamped=True), start_of(text))


def test_lines_above_the_limit_only_move_the_end() -> None:
    report = opened()
    for number in range(2, MAX_LINES + 10):
        report.add(Line(number, "x", number))

    assert len(report.texts) == MAX_LINES
    assert (report.last_number, report.last_time_us) == (MAX_LINES + 9, MAX_LINES + 9)


def test_text_is_limited_too() -> None:
    report = opened()
    for number in range(3):
        report.add(Line(number, "x" * MAX_TEXT))

    assert len(report.texts) == 2


def test_a_start_line_in_two_pieces_is_joined() -> None:
    report = opened("BUG: unable to handle kernel ")
    rest = Line(2, "NULL pointer dereference at 0000000000000008", stamped=True)

    assert report.wants(rest)
    report.complete_start(rest)
    assert report.texts == [
        "BUG: unable to handle kernel NULL pointer dereference at 0000000000000008",
    ]
    assert "NULL pointer" in report.start.signature.title


def test_the_oops_line_continues_a_page_fault_and_the_next_oops_does_not() -> None:
    report = opened()
    first, second = (f"Oops: 0000 [#{n}] SMP PTI" for n in (1, 2))

    assert report.continues(start_of(first), Line(2, first, stamped=True))
    assert not report.continues(start_of(second), Line(9, second, stamped=True))


def test_a_report_is_stale_after_a_time_or_a_number_of_lines() -> None:
    timed, plain = opened(time_us=1), opened()

    assert not timed.is_stale(Line(2, "", SETTLE_US + 1))
    assert timed.is_stale(Line(2, "", SETTLE_US + 2))
    assert not plain.is_stale(Line(SETTLE_LINES + 1, ""))
    assert plain.is_stale(Line(SETTLE_LINES + 2, ""))
