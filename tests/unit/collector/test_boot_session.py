"""What is known of one boot: its traces, and a replay within its panic."""

from __future__ import annotations

import pytest

from omprog_panic.collector.boot_session import BootSession
from omprog_panic.collector.open_trace import ClosedTrace, TraceLimits
from omprog_panic.collector.start_mark import StartMark
from omprog_panic.collector.stream_record import StreamRecord
from omprog_panic.model import EndReason

PANIC = "Kernel panic - not syncing: x"
OOPS = "BUG: kernel NULL pointer dereference, address: 0"


def record(us: int, text: str, *, user: bool = False) -> StreamRecord:
    line = f"t\t[{us // 10**6:5}.{us % 10**6:06}] {text}"
    return StreamRecord(line, text, us, user)


def session_of(*records: StreamRecord) -> BootSession:
    session = BootSession(TraceLimits())
    for item in records:
        session.feed(item, 1.0)
    return session


def mark(time_us: int | None, text: str, second: int = 1) -> StartMark:
    at = f"2026-11-22T21:00:{second:02}.000000+00:00"
    return StartMark(time_us, text, at, panic=text == PANIC)


def trace(
    begun_us: int | None, ended_us: int | None, *starts: StartMark, context: int = 0
) -> ClosedTrace:
    lines = [f"t\t{n}" for n in range(20)]
    end = EndReason.SILENCE
    return ClosedTrace(lines, context, end, False, 0, 0, begun_us, ended_us, starts)


def test_the_newest_records_are_marks_of_the_boot() -> None:
    session = session_of(*(record(n, f"line {n}") for n in range(1, 21)))

    marks = session.newest_marks()
    assert len(marks) == 8
    assert marks[-1] == (20, "line 20")
    last = session.last_record()
    assert last is not None
    assert last.text == "line 20"


def test_user_space_opens_no_trace() -> None:
    assert session_of(record(1, PANIC, user=True)).cutter.trace is None


@pytest.mark.parametrize(
    ("pause_s", "received_pause_s", "replays"),
    [(0.1, 0.1, True), (5.0, 0.1, False), (0.1, 5.0, False)],
    ids=["at-once", "pause", "pause-on-the-wire"],
)
def test_both_clocks_must_show_no_pause_before_a_replay(
    pause_s: float, received_pause_s: float, replays: bool
) -> None:
    session = session_of(record(9, PANIC))

    assert session.replays_in_panic(pause_s, received_pause_s) is replays


def test_without_a_panic_nothing_is_a_replay_within_it() -> None:
    assert not session_of(record(9, "well")).replays_in_panic(0.0, 0.0)


def test_records_of_a_replay_are_left_out_until_a_new_one_comes() -> None:
    session = session_of(record(5, "before"), record(9, PANIC))
    session.leave_out(1.0)

    assert session.leaves_out(record(3, "old"), 1.0)
    assert not session.leaves_out(record(10, "new"), 1.0)
    assert not session.in_replay
    assert session.take_replayed() == 2
    assert session.take_replayed() == 0


def test_a_trace_that_was_closed_is_recognised_by_its_start_lines() -> None:
    session = BootSession(TraceLimits())
    session.note_closed(trace(100, 200, mark(100, OOPS), mark(101, "Oops: 0002 [#1]")))

    assert session.had(trace(101, 400, mark(101, "Oops: 0002 [#1]")))
    assert not session.had(trace(100, 200, mark(100, "BUG: another")))
    assert not session.had(trace(100, 200, mark(100, OOPS), mark(150, PANIC)))
    assert session.continues_one(trace(1_000_000, 2_000_000), max_age_s=60)
    assert not session.continues_one(trace(90_000_000, 91_000_000), max_age_s=60)


def test_a_panic_that_was_not_in_a_trace_is_no_rest_of_it() -> None:
    session = BootSession(TraceLimits())
    session.note_closed(trace(100, 200, mark(100, OOPS)))

    assert not session.continues_one(trace(300, 400, mark(300, PANIC)), max_age_s=60)


@pytest.mark.parametrize(
    ("second", "context", "repeats"),
    [
        pytest.param(mark(5, PANIC, 1), 0, True, id="sent-again"),
        pytest.param(mark(5, PANIC, 4), 0, True, id="doubled"),
        pytest.param(mark(5, PANIC, 4), 3, True, id="doubled-with-other-lines"),
        pytest.param(mark(5, PANIC, 20), 0, False, id="expired"),
        pytest.param(mark(9, PANIC, 1), 0, False, id="another-time"),
        pytest.param(mark(5, OOPS, 1), 0, False, id="another-text"),
    ],
)
def test_a_live_trace_repeats_one_that_is_equal_and_near(
    second: StartMark, context: int, repeats: bool
) -> None:
    session = BootSession(TraceLimits())
    session.note_closed(trace(5, 9, mark(5, PANIC, 1)))

    assert session.repeats(trace(5, 9, second, context=context)) is repeats


@pytest.mark.parametrize(
    ("at", "context", "announced", "repeats"),
    [
        (4, 0, None, True),
        (4, 1, None, False),
        (2, 1, None, True),
        (4, 1, "b1", True),
        (1, 1, None, True),
    ],
    ids=["nothing-between", "lines-between", "doubled", "boot-announced", "sent-again"],
)
def test_without_kernel_time_lines_between_make_it_another_boot(
    at: int, context: int, announced: str | None, repeats: bool
) -> None:
    session = BootSession(TraceLimits())
    session.announce(announced)
    session.note_closed(trace(None, None, mark(None, PANIC, 1)))
    again = trace(None, None, mark(None, PANIC, at), context=context)

    assert session.repeats(again) is repeats
    assert session.has_equal_onset(again)


def test_another_boot_id_makes_nothing_a_repeat() -> None:
    session = BootSession(TraceLimits())
    session.announce("b1")
    session.note_closed(trace(None, None, mark(None, PANIC, 1)))
    session.announce("b1")
    assert session.repeats(trace(None, None, mark(None, PANIC, 2)))
    session.announce("b2")

    assert not session.repeats(trace(None, None, mark(None, PANIC, 2)))


def test_a_start_line_that_was_never_received_is_no_part_of_a_replay() -> None:
    session = session_of(record(5, OOPS), record(9, PANIC))
    session.leave_out(1.0)

    assert session.leaves_out(record(5, OOPS), 1.0)
    assert not session.leaves_out(record(3, "BUG: another"), 1.0)


def test_so_many_traces_are_remembered() -> None:
    session = BootSession(TraceLimits())
    for number in range(80):
        begun = number * 100
        session.note_closed(trace(begun, begun + 50, mark(begun, OOPS)))

    assert len(session.spans) == 16
    assert session.had(trace(7900, 7950, mark(7900, OOPS)))
    assert not session.had(trace(0, 50, mark(0, OOPS)))
    assert session.has_equal_onset(trace(0, 50, mark(0, OOPS)))
