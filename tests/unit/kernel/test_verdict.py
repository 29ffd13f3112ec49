"""The report that is made of the lines of an incident."""

from __future__ import annotations

from omprog_panic.kernel.line import parse_line
from omprog_panic.kernel.report import Report
from omprog_panic.kernel.report_lines import ReportLines
from omprog_panic.kernel.start_line import match_start_line
from omprog_panic.kernel.verdict import report_of, report_of_unknown
from omprog_panic.model import Record, Severity


def report(text: str) -> Report:
    parsed = [parse_line(n, t.encode()) for n, t in enumerate(text.split("\n"), 1)]
    start = match_start_line(parsed[0].text)
    assert start is not None
    lines = ReportLines(parsed[0], start)
    for line in parsed[1:]:
        if line.text.startswith("Kernel panic"):
            lines.add_panic(line)
        else:
            lines.add(line)
    return report_of(lines)


def test_a_report_without_a_trace_is_unsound_and_says_why() -> None:
    found = report("BUG: kernel NULL pointer dereference, address: 0000000000000008")

    assert not found.sound
    assert found.unsound_because == "there is no call trace"
    assert found.function is None


def test_a_heading_without_frames_is_another_reason() -> None:
    found = report("BUG: kernel NULL pointer dereference, address: 08\nCall Trace:")

    assert found.unsound_because == "the call trace is missing after its heading"


def test_the_stack_of_panic_itself_is_left_out() -> None:
    found = report(
        "general protection fault: 0000 [#1] SMP\nRIP: 0010:acme_irq+0x1/0x2\n"
        "Call Trace:\n acme_irq+0x1/0x2\n acme_b+0x1/0x2\n acme_c+0x1/0x2\n"
        "Kernel panic - not syncing: Fatal exception\nCall Trace:\n panic+0x1/0x2"
    )

    assert found.function == "acme_irq"
    assert found.severity is Severity.PANIC
    assert found.last_line == 9


def test_an_error_that_the_hardware_corrected_is_no_crash() -> None:
    found = report("{1}[Hardware Error]: event severity: corrected")

    assert (found.kind, found.severity) == ("info", Severity.WARNING)


def test_a_trace_without_a_start_line_is_titled_by_its_onset() -> None:
    found = report_of_unknown([Record("context"), Record("odd 17\nmore")], 1)

    assert (found.title, found.first_line, found.sound) == ("odd NUM", 2, False)
    assert report_of_unknown([], 0).title == "no text"
