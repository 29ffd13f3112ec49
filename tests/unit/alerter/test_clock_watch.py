"""Whether ages by the wall clock can be believed, in fake time."""

from __future__ import annotations

import pytest

from omprog_panic.alerter.clock_watch import TRUST_CLOCK_AFTER_S, ClockWatch
from tests.fakes import FakeClock

YEARS_S = 3 * 365 * 86400.0


def test_after_a_start_ages_are_believed_and_trusted_later() -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)

    assert watch.believes(300.0)
    assert not watch.trusts(86400.0)
    clock.advance(TRUST_CLOCK_AFTER_S)
    assert watch.trusts(86400.0)
    assert watch.is_steady()


@pytest.mark.parametrize("step_s", [YEARS_S, -YEARS_S])
def test_after_a_step_an_age_must_have_passed_since(step_s: float) -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)
    clock.advance(10 * TRUST_CLOCK_AFTER_S)
    clock.now += step_s
    assert not watch.believes(300.0)
    assert not watch.is_steady()

    clock.advance(300.0)
    assert watch.believes(300.0)
    assert not watch.trusts(86400.0)
    clock.advance(86100.0)
    assert watch.trusts(86400.0)


def test_a_clock_that_drifts_is_not_set() -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)
    for _ in range(100):
        clock.advance(300.0)
        clock.now += 1.0

    assert watch.trusts(300.0)


def test_a_step_between_two_questions_is_noticed_at_the_second() -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)
    clock.advance(TRUST_CLOCK_AFTER_S)
    clock.now += YEARS_S

    assert not watch.trusts(86400.0)
