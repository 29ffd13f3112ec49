"""A trace that rsyslogd sends again has its times of reception."""

from __future__ import annotations

from omprog_panic.collector.open_trace import ClosedTrace
from omprog_panic.collector.received_starts import ReceivedStarts
from omprog_panic.collector.start_mark import StartMark
from omprog_panic.model import EndReason

PANIC = StartMark(5, "Kernel panic - not syncing: x", "t1", panic=True)
OOPS = StartMark(4, "BUG: x", "t0", panic=False)
END = StartMark(6, "---[ end Kernel panic - not syncing: x ]---", "t2", panic=False)


def trace(*starts: StartMark, last: tuple[StartMark, ...] = ()) -> ClosedTrace:
    return ClosedTrace([], 0, EndReason.SILENCE, False, starts=starts, last=last)


def test_a_trace_sent_again_has_nothing_new() -> None:
    received = ReceivedStarts(10)

    assert received.add("a", trace(OOPS, PANIC, last=(END,))) == [OOPS, PANIC]
    assert received.add("a", trace(OOPS, PANIC)) == []
    assert received.add("a", trace(END)) == []
    assert received.add("b", trace(OOPS, PANIC)) == [OOPS, PANIC]


def test_the_same_words_at_another_time_are_new() -> None:
    received = ReceivedStarts(10)
    received.add("a", trace(PANIC))
    later = PANIC._replace(at="t9")

    assert received.add("a", trace(later)) == [later]


def test_a_new_panic_among_old_lines_is_new() -> None:
    received = ReceivedStarts(10)
    received.add("a", trace(OOPS))

    assert received.add("a", trace(OOPS, PANIC)) == [PANIC]
    assert received.add("a", trace(OOPS, StartMark(9, "Oops: 2", "t5", False))) == []
