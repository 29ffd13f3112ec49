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


def test_a_spinlock_names_its_process() -> None:
    text = "[   72.1] BUG: spinlock lockup suspected on CPU#2, syz-executor/12636"
    [report] = analyze_text([text.encode()])

    facts = report.facts
    assert (facts.process, facts.pid, facts.cpu) == ("syz-executor", 12636, 2)
    assert report.title == "BUG: spinlock lockup suspected"


def test_reports_that_were_cut_off_do_not_share_a_fingerprint() -> None:
    """Without a stack the process and the release keep strangers apart."""
    banner = "WARNING: possible circular locking dependency detected"
    cut = [
        [banner, "4.14.0-rc3+ #22 Not tainted", "-" * 54],
        [banner, "4.15.0-rc7+ #255 Not tainted", "-" * 54],
    ]
    one, other = (
        next(iter(analyze_text([f"[   26.2] {text}".encode() for text in lines])))
        for lines in cut
    )

    assert (one.sound, other.sound) == (False, False)
    assert one.title == other.title
    assert one.fingerprint != other.fingerprint
