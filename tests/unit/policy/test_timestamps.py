"""The clocks of the policy."""

from __future__ import annotations

import pytest

from omprog_panic.policy.timestamps import Timekeeper, Timestamps
from tests.policies import (
    NOON,
)


def test_the_time_of_the_policy_goes_on_whatever_the_clocks_do() -> None:
    keeper = Timekeeper(None)
    assert keeper.now(1000.0, 50.0) == Timestamps(0.0, 1000.0, 0.0)
    assert keeper.now(500.0, 60.0) == Timestamps(10.0, 500.0, 10.0)
    assert keeper.now(9000.0, 70.0, hearing=False) == Timestamps(20.0, 9000.0, 10.0)
    after = Timekeeper(Timestamps(20.0, 9000.0, 10.0))
    assert after.now(12600.0, 5.0) == Timestamps(3620.0, 12600.0, 10.0)
    assert after.now(12601.0, 6.0) == Timestamps(3621.0, 12601.0, 11.0)
    earlier = Timekeeper(Timestamps(20.0, 9000.0, 10.0))
    assert earlier.now(100.0, 5.0) == Timestamps(20.0, 100.0, 10.0)


def test_wall_times_are_placed_on_the_clock_of_the_policy() -> None:
    now = Timestamps(100.0, NOON, 50.0)

    assert now.t_of("2026-09-21T11:59:50+00:00") < 100.0
    assert now.t_of("2126-01-01T00:00:00+00:00") == 100.0
    assert now.t_of("rubbish") == now.t_of(None) == now.t_of("2026-01-01")


def test_a_wall_time_of_another_month_is_one_of_a_wrong_clock() -> None:
    now = Timestamps(100.0, NOON, 50.0)

    assert now.t_of("2023-09-21T11:59:50+00:00") == 100.0
    assert now.t_of("2026-09-14T12:00:00+00:00") == 100.0 - 7 * 86400


@pytest.mark.parametrize("years", [3, -3])
def test_a_start_with_a_wrong_clock_makes_no_years_pass(years: int) -> None:
    wrong = 9000.0 + years * 365 * 86400
    keeper = Timekeeper(Timestamps(20.0, 9000.0, 10.0))
    assert keeper.now(wrong, 5.0).t == 20.0

    after = Timekeeper(keeper.now(wrong + 60, 65.0))
    assert after.now(9100.0, 105.0).t == 80.0
