"""What is known of one boot: its traces, and a replay within its panic."""

from __future__ import annotations

import pytest

from omprog_panic.collector.boot_session import BootSession
from omprog_panic.collector.open_trace import ClosedTrace, TraceLimits
from omprog_panic.collector.stream_record import StreamRecord
from omprog_panic.model import EndReason

PANIC = "Kernel panic - not syncing: x"


def record(us: int, text: str, *, user: bool = False) -> StreamRecord:
    line = f"t\t[{us // 10**6:5}.{us % 10**6:06}] {text}"
    return StreamRecord(line, text, us, user)


def session_of(*records: StreamRecord) -> BootSession:
    session = BootSession(TraceLimits())
    for item in records:
        session.feed(item, 1.0)
    return session


def trace(begun_us: int | None, ended_us: int | None) -> ClosedTrace:
    lines = [f"t\t{n}" for n in range(20)]
    end = EndReason.SILENCE
    return ClosedTrace(lines, 0, end, False, 0, 0, begun_us, ended_us)


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


def test_a_trace_that_was_closed_is_recognised() -> None:
    session = BootSession(TraceLimits())
    session.note_closed(trace(100, 200))

    assert session.had(trace(150, 400))
    assert not session.had(trace(201, 400))
    assert not session.had(trace(None, None))
    assert session.continues_one(trace(1_000_000, 2_000_000), max_age_s=60)
    assert not session.continues_one(trace(90_000_000, 91_000_000), max_age_s=60)


def test_so_many_traces_are_remembered() -> None:
    session = BootSession(TraceLimits())
    for number in range(40):
        session.note_closed(trace(number * 100, number * 100 + 50))

    assert len(session.spans) == 16
    assert session.had(trace(3900, 3950))
    assert not session.had(trace(0, 50))
