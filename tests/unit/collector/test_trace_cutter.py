"""Where a trace begins and ends, without any datagram."""

from __future__ import annotations

import pytest

from omprog_panic.collector.open_trace import ClosedTrace, TraceLimits
from omprog_panic.collector.trace_cutter import TraceCutter
from omprog_panic.model import EndReason

OOPS = "BUG: kernel NULL pointer dereference, address: 0000000000000000"
OOPS_END = "---[ end trace 0000000000000000 ]---"
WARNING = "WARNING: CPU: 0 PID: 1 at kernel/x.c:5 f+0x1/0x2"
PANIC = "Kernel panic - not syncing: Fatal exception"
END = f"---[ end {PANIC} ]---"
REBOOTING = "Rebooting in 5 seconds.."


class Run:
    """A cutter with a clock; the kernel's clock goes with it."""

    def __init__(self, **limits: float) -> None:
        self.cutter = TraceCutter(TraceLimits(**limits))  # type: ignore[arg-type]
        self.closed: list[ClosedTrace] = []

    def say(self, text: str, at: float) -> Run:
        line = f"t\t[{int(at):5}.000000] {text}"
        us = round(at * 1_000_000)
        self.closed += self.cutter.feed(line, text, us, at) or []
        return self

    def until(self, at: float) -> Run:
        deadline = self.cutter.deadline()
        while deadline is not None and deadline <= at:
            self.closed += self.cutter.tick(deadline) or []
            deadline = self.cutter.deadline()
        return self

    @property
    def ends(self) -> list[str]:
        return [trace.end.value for trace in self.closed]


@pytest.mark.parametrize(
    ("said", "end", "at"),
    [
        pytest.param([(0.0, PANIC), (1.0, END)], "terminator", 1.0, id="terminator"),
        pytest.param([(0.0, PANIC), (1.0, REBOOTING)], "rebooting", 1.0, id="reboots"),
        pytest.param([(0.0, OOPS), (1.0, OOPS_END)], "end-trace", 3.0, id="end-trace"),
        pytest.param([(0.0, OOPS), (1.0, "x")], "silence", 11.0, id="silence"),
        pytest.param(
            [(0.0, OOPS), (1.0, "CPU: 0 PID: 1 Comm: sh Kdump: loaded Not tainted")],
            "silence",
            6.0,
            id="silence-of-kdump",
        ),
        pytest.param(
            [(0.0, OOPS), *((float(n), "x") for n in range(5, 60, 5))],
            "age",
            60.0,
            id="age",
        ),
    ],
)
def test_a_trace_ends_and_says_why(
    said: list[tuple[float, str]],
    end: str,
    at: float,
) -> None:
    run = Run()
    for when, text in said:
        run.until(when).say(text, when)
    run.until(at - 0.001)
    assert run.ends == ([] if at > said[-1][0] else [end])

    assert run.until(at).ends == [end]
    assert run.cutter.trace is None
    assert run.cutter.deadline() is None


def test_the_panic_belongs_to_the_oops_that_led_to_it() -> None:
    run = Run()
    for at, text in enumerate([OOPS, "RIP", OOPS_END, PANIC, END]):
        run.say(text, at / 10)

    (trace,) = run.closed
    assert len(trace.lines) == 5
    assert trace.panicked
    assert (trace.begun_us, trace.ended_us) == (0, 400_000)


def test_a_report_after_a_warning_has_ended_is_another_one() -> None:
    run = Run().say(WARNING, 0.0).say(OOPS_END, 0.1).say(OOPS, 0.2)

    assert run.ends == ["next-report"]
    assert run.cutter.trace is not None


EXT4 = "EXT4-fs error (device sda1): ext4_lookup:1858: inode #2: comm ls: bad extra"
NVME = "nvme nvme0: I/O tag 5 (c005) opcode 0x2 QID 4 timeout, aborting req_op:READ(0)"


@pytest.mark.parametrize("event", [EXT4, NVME])
def test_the_trace_of_an_event_closes_soon_on_a_host_that_goes_on(event: str) -> None:
    run = Run().say("before", 0.0).say(event, 1.0).say(event, 2.5)
    for at in (3.0, 3.5, 4.0, 4.4):
        run.say("chatter", at)
    assert run.until(4.5).ends == ["event"]
    assert run.closed[0].context == 1
    assert len(run.closed[0].lines) == 7
    assert run.say("chatter", 4.6).cutter.deadline() is None


def test_events_without_a_pause_are_one_trace_until_its_age() -> None:
    run = Run()
    for n in range(70):
        run.say(EXT4, float(n)).until(float(n))
    assert run.ends == ["age"]


def test_an_oops_right_after_an_event_is_an_incident_of_its_own() -> None:
    run = Run().say(EXT4, 0.0).say(OOPS, 0.1).say("Call Trace:", 0.2)
    run.say(NVME, 0.3).say("x", 4.0).say(OOPS_END, 4.1).until(60.0)
    assert run.ends == ["next-report", "end-trace"]
    assert [t.lines[t.context].partition("] ")[2] for t in run.closed] == [EXT4, OOPS]
    assert len(run.closed[1].lines) == 5


def test_a_panic_belongs_to_the_event_that_led_to_it() -> None:
    panic = "Kernel panic - not syncing: EXT4-fs (device sda1): panic forced"
    run = Run().say(EXT4, 0.0).say(panic, 0.1).say("x", 3.0)
    run.say(f"---[ end {panic} ]---", 3.1)
    assert run.ends == ["terminator"]
    assert run.closed[0].panicked


def test_what_was_said_before_is_context_and_only_so_much_of_it() -> None:
    run = Run(context_records=3)
    for number in range(100):
        run.say(f"chatter {number}", number / 100)
    run.say(PANIC, 1.0).say(END, 1.1)

    (trace,) = run.closed
    assert trace.context == 3
    assert "chatter 99" in trace.lines[2]
    assert PANIC in trace.lines[3]


@pytest.mark.parametrize("limits", [{"max_records": 20}, {"max_bytes": 900}])
def test_head_and_tail_stay_and_the_middle_is_counted(limits: dict[str, int]) -> None:
    run = Run(**limits).say(PANIC, 0.0)
    for number in range(100):
        run.say(f"line {number}", number / 100)
    run.say(END, 1.1)

    (trace,) = run.closed
    notes = [line for line in trace.lines if line.startswith("\0elided")]
    assert notes == [f"\0elided\t{trace.elided_records}\t{trace.elided_bytes}"]
    assert len(trace.lines) - 1 + trace.elided_records == 102
    assert PANIC in trace.lines[0]
    assert END in trace.lines[-1]
    assert sum(map(len, trace.lines)) <= 900 or "max_bytes" not in limits


def test_a_record_that_comes_late_opens_no_second_trace() -> None:
    run = Run().say(OOPS, 0.0).say(PANIC, 0.5).say(END, 0.6)
    run.cutter.ended.remember(run.closed[0].starts)
    run.closed += run.cutter.feed("t\tx", OOPS, 0, 0.7) or []

    assert run.until(100.0).ends == ["terminator"]


def test_a_start_line_beyond_the_terminator_is_of_another_crash() -> None:
    """Though its clock shows an earlier time: a number or a clock makes no repeat."""
    run = Run().say(OOPS, 0.0).say(PANIC, 0.5).say(END, 0.6)
    run.cutter.ended.remember(run.closed[0].starts)
    run.closed += run.cutter.feed("t\tx", f"{PANIC} of another", 100_000, 0.7) or []

    assert run.until(100.0).ends == ["terminator", "silence"]


def test_the_panic_that_the_network_delayed_beyond_its_end_marker_is_no_other() -> None:
    run = Run().say(OOPS, 0.0).say(END, 0.6)
    run.closed += run.cutter.feed("t\tx", PANIC, 500_000, 0.7) or []

    assert run.until(100.0).ends == ["terminator"]


def test_the_end_marker_of_another_panic_does_not_end_a_trace() -> None:
    forged = "Kernel panic - not syncing: forged"
    run = Run().say(PANIC, 0.0).say(forged, 0.1).say(f"---[ end {forged} ]---", 0.1)
    assert run.closed == []
    run.say("Call Trace:", 0.2).say(END, 0.3)

    (trace,) = run.closed
    assert trace.end is EndReason.TERMINATOR
    assert len(trace.lines) == 5


def test_an_end_marker_that_names_no_known_panic_is_an_incident() -> None:
    run = Run().say("Call Trace:", 0.0).say(END, 0.1)

    (trace,) = run.closed
    assert (trace.context, trace.panicked) == (1, True)
    assert END in trace.lines[-1]


def test_what_follows_a_forged_panic_of_another_time_is_an_incident() -> None:
    """The forged clock ends the trace, and the forged terminator its own."""
    forged = "Kernel panic - not syncing: forged"
    run = Run().say(PANIC, 0.0)
    run.closed += run.cutter.feed("t\tx", forged, 99_000_000, 0.1) or []
    run.cutter.ended.remember(run.closed[0].starts)
    end = f"---[ end {forged} ]---"
    run.closed += run.cutter.feed("t\tx", end, 99_000_000, 0.1) or []
    run.cutter.ended.remember(run.closed[1].starts)
    run.say("Call Trace:", 0.2).say(END, 0.3)

    assert run.ends == ["silence", "terminator", "terminator"]
    assert END in run.closed[2].lines[-1]


def test_what_follows_a_forged_terminator_is_an_incident_when_its_own_comes() -> None:
    run = Run().say(PANIC, 0.0).say("Rebooting in 5 seconds..", 0.1)
    run.cutter.ended.remember(run.closed[0].starts)
    run.say("Call Trace:", 0.2).say(END, 0.3)

    assert run.ends == ["rebooting", "terminator"]
    assert "Call Trace:" in run.closed[1].lines[0]


def test_an_hour_in_the_kernels_clock_ends_a_trace_though_no_time_has_passed() -> None:
    run = Run().say(OOPS, 0.0)
    run.closed += run.cutter.feed("t\tx", "x", 3_600_000_000, 0.1) or []

    assert run.ends == ["silence"]


def test_a_late_record_goes_into_its_hole() -> None:
    run = Run().say(PANIC, 0.0)
    run.cutter.note("\0hole\t5\t7")

    assert run.cutter.fill(6, "t\tsix", "six", 1, 0.0)
    assert not run.cutter.fill(6, "t\tsix", "six", 1, 0.0)
    lines = run.cutter.newest(3)
    assert lines == ["\0hole\t5\t5", "t\tsix", "\0hole\t7\t7"]


def test_evicted_is_closed_with_everything_that_was_heard() -> None:
    run = Run().say(PANIC, 0.0).say("x", 0.1)
    (trace,) = run.cutter.close(EndReason.EVICTED)

    assert trace.end is EndReason.EVICTED
    assert len(trace.lines) == 2
    assert run.cutter.close(EndReason.EVICTED) == []
