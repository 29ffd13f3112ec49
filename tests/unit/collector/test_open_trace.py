"""The lines of a trace within their bounds, and what prolongs it."""

from __future__ import annotations

from omprog_panic.collector.open_trace import OpenTrace, TraceLimits, TraceLines
from omprog_panic.model import EndReason, Severity

LIMITS = TraceLimits(max_records=6, max_bytes=1000)


def lines_of(count: int, context: int = 1) -> TraceLines:
    lines = TraceLines([f"context {n}" for n in range(context)])
    for number in range(count):
        lines.append(f"line {number}", LIMITS)
    return lines


def test_the_middle_is_cut_and_counted() -> None:
    lines = lines_of(10)

    assert lines.all() == [
        "context 0",
        "line 0",
        "line 1",
        "\0elided\t5\t30",
        "line 7",
        "line 8",
        "line 9",
    ]
    assert lines.newest(2) == ["line 8", "line 9"]
    assert lines.last == "line 9"
    assert lines.held_bytes > sum(map(len, lines.all()))


def test_the_onset_stays_though_the_context_fills_the_head() -> None:
    lines = lines_of(2, context=3)

    assert lines.all()[:4] == ["context 0", "context 1", "context 2", "line 0"]


def test_a_continuation_goes_to_the_newest_line_of_head_or_tail() -> None:
    short, long = lines_of(1), lines_of(10)
    short.amend_last(" more")
    long.amend_last(" more")

    assert (short.last, long.last) == ("line 0 more", "line 9 more")
    assert short.head_bytes == sum(map(len, short.head))
    assert long.tail_bytes == sum(map(len, long.tail or ()))


def test_a_line_put_before_the_onset_belongs_to_the_context() -> None:
    lines = lines_of(2)
    lines.head.insert(0, "late")
    lines.head_changed(0, 1)

    assert lines.context == 2
    assert lines.head_bytes == sum(map(len, lines.head))


def opened(severity: Severity) -> OpenTrace:
    trace = OpenTrace(TraceLines([]), severity)
    trace.age_at = LIMITS.max_age_s
    trace.add("onset", 0, 0.0, LIMITS)
    return trace


def test_a_panic_belongs_to_the_oops_and_a_new_oops_after_a_pause_does_not() -> None:
    trace = opened(Severity.OOPS)

    assert not trace.is_separate(Severity.PANIC, 9_000_000, 9.0, LIMITS)
    assert not trace.is_separate(Severity.OOPS, 1_000_000, 1.0, LIMITS)
    assert trace.is_separate(Severity.OOPS, 9_000_000, 9.0, LIMITS)


def test_start_lines_prolong_a_trace_but_not_for_ever() -> None:
    trace = opened(Severity.OOPS)
    for number in range(1, 40):
        trace.prolong(Severity.OOPS, None, float(number), LIMITS)

    assert trace.age_at == 16 + LIMITS.max_age_s
    assert trace.ended_before(None, trace.age_at, LIMITS) is EndReason.SILENCE


def test_a_delayed_record_does_not_turn_the_clock_back() -> None:
    trace = opened(Severity.OOPS)
    trace.add("b", 5, 0.1, LIMITS)
    trace.add("a", 3, 0.2, LIMITS)

    assert trace.closed(EndReason.AGE).ended_us == 5
