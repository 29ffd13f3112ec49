"""A new boot, a replay of the log buffer, or datagrams that were swapped."""

from __future__ import annotations

import pytest

from omprog_panic.collector.burst import (
    BURST_MAX_S,
    BURST_PAUSE_S,
    STARTED_PAUSE_S,
    BootMemory,
    Burst,
    Mark,
    says_shutdown,
)

STARTED = "netconsole: network logging started"


def memory_of(*records: Mark) -> BootMemory:
    memory = BootMemory()
    for time_us, text in records:
        memory.remember(time_us, text)
    return memory


@pytest.mark.parametrize(
    ("known", "time_us", "text", "anew"),
    [
        pytest.param([], 0, "x", True, id="first-word-is-a-log-buffer"),
        pytest.param([], 5, "x", False, id="first-word-is-live"),
        pytest.param([(9_000_000, "a")], 5_000_000, "x", True, id="falls-back"),
        pytest.param([(9_000_000, "a")], 6_000_001, "x", False, id="two-processors"),
        pytest.param([(9_000_000, "a")], 9_000_001, "x", False, id="goes-on"),
        pytest.param([(5, "a")], 0, "Linux version 6.1 (x)", True, id="banner"),
        pytest.param([(5, "a")], 0, "x", False, id="early-and-no-banner"),
        pytest.param([(5, "a")], None, "Linux version 6.1 (x)", True, id="no-clock"),
        pytest.param([(5, "a")], None, "x", False, id="no-clock-no-banner"),
    ],
)
def test_what_cannot_follow_what_was_heard(
    known: list[Mark],
    time_us: int | None,
    text: str,
    anew: bool,
) -> None:
    assert memory_of(*known).begins_anew(time_us, text) is anew


def test_the_highest_time_and_the_newest_starts_are_remembered() -> None:
    memory = memory_of((5, "a"), (7, STARTED), (6, "late"))

    assert memory.high_us == 7
    assert memory.started == ((7, STARTED),)


def test_a_replay_adds_what_it_showed() -> None:
    memory = memory_of((7, STARTED))
    memory.merge(memory_of((3, STARTED), (9, "b")))

    assert memory.high_us == 9
    assert memory.started == ((7, STARTED), (3, STARTED))


def make_burst(newest: list[Mark], *, sure: bool = True) -> Burst:
    memory = memory_of(*newest)
    return Burst(memory, newest, "2026-11-22T21:00:00Z", 100.0, sure=sure)


def test_a_burst_that_holds_a_known_record_is_a_replay() -> None:
    burst = make_burst([(8_000_000, "usb 1-1: new device")])
    burst.feed(0, "Linux version 6.1 (x)", 100.0)
    before = burst.is_known
    burst.feed(8_000_000, "usb 1-1: new device", 100.0)

    assert (before, burst.is_known, burst.is_replay) == (False, True, True)


def test_equal_lines_without_a_clock_must_be_three() -> None:
    burst = make_burst([(None, "a"), (None, "b"), (None, "c")])
    for text in ("a", "a", "b"):
        burst.feed(None, text, 100.0)
    before = burst.is_replay
    burst.feed(None, "c", 100.0)

    assert (before, burst.is_replay) == (False, True)


def test_records_at_zero_prove_nothing() -> None:
    burst = make_burst([(0, "Command line: quiet")])
    burst.feed(0, "Command line: quiet", 100.0)

    assert not burst.is_replay


def test_without_a_pause_before_it_few_are_swapped_and_many_are_a_replay() -> None:
    burst = make_burst([(50_000_000, "a")], sure=False)
    burst.feed(1, "x", 100.0)
    little = burst.is_too_little, burst.is_straggler(49_000_000)
    assert little == (True, True)
    assert not burst.is_straggler(1_000_000)
    for number in range(100):
        burst.feed(number, "x", 100.0)

    assert burst.is_replay
    assert not burst.is_straggler(49_000_000)


def test_a_burst_ends_after_a_pause_or_at_its_limit() -> None:
    burst = make_burst([(50_000_000, "a")])
    burst.feed(0, "x", 100.5)
    assert burst.deadline() == 100.5 + BURST_PAUSE_S
    burst.feed(9_000_000, STARTED, 100.6)
    assert burst.deadline() == 100.6 + STARTED_PAUSE_S
    burst.feed(9_000_001, "y", 104.9)
    assert burst.deadline() == 100.0 + BURST_MAX_S


def test_a_second_banner_at_once_is_the_same_one_doubled() -> None:
    burst = make_burst([(50_000_000, "a")])

    assert not burst.is_older(100.1)
    assert burst.is_older(101.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("reboot: Restarting system", True),
        ("kexec_core: Starting new kernel", True),
        ("reboot: machine restart", True),
        ("systemd-shutdown[1]: Rebooting.", False),
        ("I said reboot: Power down", False),
    ],
)
def test_a_shutdown_is_announced_by_the_kernel(text: str, says: bool) -> None:
    assert says_shutdown(text) is says
