"""Repeats and secondary reports become part of the first report."""

from __future__ import annotations

import dataclasses

from omprog_panic.kernel.line import parse_line
from omprog_panic.kernel.merge import MAX_PENDING, ReportMerger
from omprog_panic.kernel.report import Report
from omprog_panic.kernel.report_lines import ReportLines
from omprog_panic.kernel.start_line import match_start_line
from omprog_panic.kernel.verdict import report_of


def warning(at_s: float, function: str = "acme_check") -> tuple[ReportLines, Report]:
    text = f"WARNING: CPU: 1 PID: 812 at a.c:7 {function}+0x1c/0x90"
    line = parse_line(1, f"[{at_s:12.6f}] {text}".encode())
    start = match_start_line(line.text)
    assert start is not None
    lines = ReportLines(line, start)
    return lines, report_of(lines)


def test_a_repeat_is_counted_and_not_reported() -> None:
    merger = ReportMerger()

    assert merger.add(*warning(10)) == []
    assert merger.add(*warning(20)) == []
    [report] = merger.close()
    assert report.repeats == 1


def test_a_report_is_released_when_nothing_can_belong_to_it_any_more() -> None:
    merger = ReportMerger()
    merger.add(*warning(10))
    [released] = merger.add(*warning(1000, "acme_other"))

    assert released.function == "acme_check"


def test_a_report_of_another_boot_is_no_repeat() -> None:
    merger = ReportMerger()
    merger.add(*warning(10))
    lines, report = warning(11)
    lines.boot = 1

    assert len(merger.add(lines, report)) + len(merger.close()) == 2


def test_the_oldest_report_is_released_above_the_limit() -> None:
    merger = ReportMerger()
    released = []
    for number in range(MAX_PENDING + 1):
        lines, report = warning(10, f"acme_{number}x")
        report = dataclasses.replace(report, fingerprint=str(number))
        released += merger.add(lines, report)

    assert [r.function for r in released] == ["acme_0x"]
