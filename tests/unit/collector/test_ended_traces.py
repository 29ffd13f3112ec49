"""What comes after the terminator of a trace."""

from __future__ import annotations

from omprog_panic.collector.ended_traces import EndedTraces
from omprog_panic.collector.start_mark import MAX_MARKS, StartMark
from omprog_panic.kernel.terminator import Terminator

PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"
AT = "2026-11-22T21:00:{:02}.000000+00:00"


def mark(second: int, text: str = PANIC, time_us: int | None = 5) -> StartMark:
    return StartMark(time_us, text, AT.format(second), panic=text.startswith("Kernel"))


def ended(*, has_panic: bool = True) -> EndedTraces:
    traces = EndedTraces()
    traces.remember((mark(1, END, 9),))
    traces.note_end(mark(1, END, 9), 9, 1.0, has_panic=has_panic)
    if has_panic:
        traces.remember((mark(1),))
    return traces


def test_a_copy_beyond_the_terminator_is_late_for_a_second() -> None:
    assert ended().is_late(mark(1), 1.5)
    assert not ended().is_late(mark(1), 2.5)
    assert not ended().is_late(mark(1, time_us=10), 1.5)
    assert not ended().is_late(mark(1, f"{PANIC} in interrupt"), 1.5)


def test_an_equal_panic_of_another_day_is_not_late() -> None:
    """A coarse clock shows the same time in a boot that nobody recognised."""
    assert not ended().is_late(mark(40), 1.5)


def test_a_panic_that_its_trace_lacks_is_late_beyond_its_end_marker() -> None:
    traces = ended(has_panic=False)

    assert traces.is_late(mark(1), 1.5)
    assert not traces.is_late(mark(1, f"{PANIC} in interrupt"), 1.5)


def test_the_end_marker_of_another_boot_that_is_sent_again_hides_no_panic() -> None:
    """Received long ago, delivered now: only the times of reception show it."""
    assert not ended(has_panic=False).is_late(mark(18), 1.5)


def test_an_end_marker_is_known_if_its_panic_or_itself_was_received() -> None:
    traces = ended()

    assert traces.has_end(mark(2, END, 9), Terminator.END_PANIC, 60.0)
    assert traces.has_end(mark(2, END, 99), Terminator.END_PANIC, 60.0)
    other = "---[ end Kernel panic - not syncing: other ]---"
    assert not traces.has_end(mark(2, other), Terminator.END_PANIC, 60.0)
    assert not EndedTraces().has_end(mark(2, END), Terminator.END_PANIC, 60.0)


def test_no_kernel_prints_both_terminators() -> None:
    rebooting = mark(2, "Rebooting in 5 seconds..", 20)

    assert not ended().has_end(rebooting, Terminator.REBOOTING, 60.0)
    assert EndedTraces().has_end(rebooting, Terminator.REBOOTING, 60.0)


def test_so_many_marks_are_remembered() -> None:
    traces = EndedTraces()
    for number in range(200):
        traces.remember((mark(1, time_us=number),))

    assert len(traces.marks) == MAX_MARKS
