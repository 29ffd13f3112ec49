"""What comes of a host's records: boots, replays, other hosts, traces."""

from __future__ import annotations

from omprog_panic.collector.events import (
    Dropped,
    HostBooted,
    MessageReceived,
    TraceClosed,
)
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.stream_record import StreamRecord
from omprog_panic.collector.timeline import Outcome, Timeline, TimelineSplit
from omprog_panic.model import EndReason

OOPS = "BUG: kernel NULL pointer dereference, address: 0000000000000000"
PANIC = "Kernel panic - not syncing: x"


class Host:
    """A timeline with a clock."""

    def __init__(self) -> None:
        self.timeline = Timeline(TraceLimits())
        self.timeline.boot.name = "first"
        self.outcomes: list[Outcome] = []

    def say(self, now: float, us: int, text: str) -> None:
        self.until(now)
        at = f"2026-11-22T21:{int(now) // 60:02}:{now % 60:09.6f}+00:00"
        line = f"{at}\t[{us // 10**6:5}.{us % 10**6:06}] {text}"
        self.outcomes += (
            self.timeline.feed(StreamRecord(line, text, us, False), now) or ()
        )
        self.timeline.last_at, self.timeline.last_heard = at, now

    def until(self, now: float) -> None:
        deadline = self.timeline.deadline()
        while deadline is not None and deadline <= now:
            self.outcomes += self.timeline.tick(deadline) or ()
            deadline = self.timeline.deadline()

    def of(self, kind: type) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, kind)]


def test_a_boot_closes_the_trace_and_lets_the_old_boot_go() -> None:
    host = Host()
    host.say(1.0, 90_000_000, OOPS)
    host.say(5.0, 0, "Linux version 6.1.0 (x)")
    host.say(5.0, 1_000_000, "driver")
    host.until(60.0)

    closed, split, booted = host.outcomes
    assert isinstance(closed, TraceClosed)
    assert (closed.boot, closed.trace.end) == ("first", EndReason.REBOOT)
    assert isinstance(split, TimelineSplit)
    assert split.timeline.boot.name == "first"
    assert split.timeline.retired_at is not None
    assert isinstance(booted, HostBooted)
    assert (booted.announced, booted.last_text) == (False, OOPS)
    assert host.timeline.boot.name == booted.boot != "first"
    assert host.timeline.kernel == "6.1.0"


def test_a_replay_of_the_log_is_dropped_and_counted() -> None:
    host = Host()
    ring = [(n * 1_000_000, f"line {n}") for n in range(5, 80)]
    for us, text in ring:
        host.say(1.0, us, text)
    for us, text in ring:
        host.say(9.0, us, text)
    host.until(60.0)

    assert host.outcomes == [Dropped("replayed_records", len(ring))]


def test_another_kernel_that_ran_all_the_time_is_another_host() -> None:
    host = Host()
    host.say(1.0, 90_000_000_000, "old host")
    host.say(20.0, 700_000_000, "young host")
    host.until(60.0)

    (split,) = host.outcomes
    assert isinstance(split, TimelineSplit)
    assert split.timeline.retired_at is None
    assert [line[-10:] for line in split.timeline.boot.cutter.context] == ["young host"]


def test_the_panic_of_another_host_is_its_own_from_its_first_line() -> None:
    host = Host()
    host.say(1.0, 90_000_000_000, "old host")
    host.say(20.0, 700_000_000, PANIC)

    (split,) = host.outcomes
    assert isinstance(split, TimelineSplit)
    assert split.spoke
    assert split.timeline.boot.cutter.panicked


def test_swapped_datagrams_are_no_boot() -> None:
    host = Host()
    host.say(1.0, 5_000_000, "b")
    host.say(1.0, 1_000_000, "a")
    host.say(1.0, 5_000_001, "c")

    assert host.outcomes == []
    texts = [line[-1] for line in host.timeline.boot.cutter.context]
    assert texts == ["b", "a", "c"]


def test_a_message_of_the_client_gives_names_and_ends_a_farewell() -> None:
    host = Host()
    host.say(1.0, 5_000_000, "omprog-panic: farewell host=db-07")
    assert host.timeline.boot.farewell
    host.say(2.0, 6_000_000, "omprog-panic: alive host=db-07 kernel=6.1.0")

    assert len(host.of(MessageReceived)) == 2
    assert (host.timeline.host, host.timeline.kernel) == ("db-07", "6.1.0")
    assert not host.timeline.boot.farewell
