from __future__ import annotations

import pytest

from omprog_panic.collector.boot_time import BootTimeEstimate, slack_s, wall_s

AT = "2026-11-22T21:{:02}:{:02}+00:00"


def at(seconds: int) -> str:
    return AT.format(*divmod(seconds, 60))


@pytest.mark.parametrize("text", ["", "now", "9999-99-99T00:00:00Z", "x" * 64])
def test_a_time_that_cannot_be_read_is_none(text: str) -> None:
    assert wall_s(text) is None


def test_clocks_may_differ_by_what_they_drift_in_a_year() -> None:
    assert slack_s(0) == 3.0
    assert 3600 < slack_s(365 * 86_400) < 7200


@pytest.mark.parametrize(
    ("stamps", "steady", "before"),
    [
        pytest.param([(100, 700)], True, True, id="ran-for-longer-than-the-silence"),
        pytest.param([(100, 8)], True, False, id="booted-in-the-silence"),
        pytest.param([(100, 32)], True, False, id="too-near-to-tell"),
        pytest.param([(100, 0), (100, 700)], False, True, id="log-buffer"),
        pytest.param([(100, 700), (160, 760)], True, True, id="goes-on"),
        pytest.param([], True, False, id="nothing"),
    ],
)
def test_whether_a_kernel_was_running_when_another_spoke(
    stamps: list[tuple[int, int]],
    steady: bool,
    before: bool,
) -> None:
    estimate = BootTimeEstimate()
    for received_s, kernel_s in stamps:
        estimate.add(kernel_s * 1_000_000, at(received_s), 5000.0 + received_s)

    assert estimate.steady is steady
    assert estimate.is_before(at(70), 5070.0) is before


def test_both_clocks_must_say_so() -> None:
    """The monitor's clock was set back an hour, or a queue was emptied at once."""
    set_back, emptied = BootTimeEstimate(), BootTimeEstimate()
    set_back.add(10_000_000, at(100), 9000.0)
    emptied.add(10_000_000, at(3500), 100.0)

    assert not set_back.is_before(at(3000), 8900.0)
    assert not emptied.is_before(at(3000), 100.0)
    assert set_back.is_before(at(3000), 9000.0)


def test_records_without_a_stamp_say_nothing() -> None:
    estimate = BootTimeEstimate()
    estimate.add(None, at(100), 100.0)
    estimate.add(5, "never", 100.0)

    assert not estimate.is_before(at(3000), 3000.0)
    assert not estimate.matches(5, at(3000))


def test_the_kernel_that_was_known_is_known_by_its_clock() -> None:
    estimate = BootTimeEstimate()
    estimate.add(40_000_000, at(100), 100.0)

    assert estimate.matches(10_000_000, at(70))
    assert not estimate.matches(10_000_000, at(20))
    assert not estimate.matches(None, at(70))
