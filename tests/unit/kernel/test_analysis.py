"""The two ways in: console text, and a trace that the collector closed."""

from __future__ import annotations

from omprog_panic.kernel.analysis import analyze_text, analyze_trace
from omprog_panic.model import Record, Severity

WARNING = "WARNING: CPU: 1 PID: 812 at a.c:7 acme_check+0x1c/0x90"
PANIC = "Kernel panic - not syncing: x"


def test_reports_come_in_the_order_of_their_first_lines() -> None:
    texts = [WARNING, "Call Trace:", " acme_check+0x1c/0x90", PANIC]
    reports = list(analyze_text(f"{text}\n".encode() for text in texts))

    assert [r.first_line for r in reports] == [1, 4]
    assert [r.kind for r in reports] == ["warning", "panic"]


def test_a_line_with_a_zero_byte_is_no_ordinary_line() -> None:
    [report] = list(analyze_text([b"[    1.000000] \0" + PANIC.encode()]))

    assert report.panicked


def test_a_trace_is_its_first_crash_with_the_panic_of_a_later_one() -> None:
    report = analyze_trace([Record(WARNING), Record(PANIC)])

    assert report.kind == "warning"
    assert report.severity is Severity.PANIC
    assert report.facts.panic_line == PANIC


def test_context_is_not_searched_but_counted() -> None:
    report = analyze_trace([Record(PANIC), Record(WARNING)], context=1)

    assert (report.kind, report.first_line) == ("warning", 2)


def test_a_warning_does_not_hide_the_oops_in_the_same_trace() -> None:
    oops = "BUG: kernel NULL pointer dereference, address: 0000000000000008"
    hung = "INFO: task acmed:812 blocked for more than 120 seconds."
    texts = [
        hung,
        "Call Trace:",
        " acme_wait_for+0x1c/0x90",
        oops,
        "RIP: 0010:b+0x1/0x2",
    ]
    report = analyze_trace([Record(text) for text in texts])

    assert (report.kind, report.severity) == ("oops", Severity.OOPS)
    assert report.first_line == 4
