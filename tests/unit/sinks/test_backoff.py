from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.sinks.backoff import Backoff

BACKOFF = Backoff(first_s=1, max_s=60)


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    waits = [BACKOFF.delay_s(number, 0.5) for number in range(1, 9)]

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_no_wait_is_longer_than_said(failures: int, chance: float) -> None:
    delay = BACKOFF.delay_s(failures, chance)

    assert 0.8 <= round(delay, 6) <= BACKOFF.longest_s()


def test_a_receiver_that_was_down_for_a_minute_is_tried_soon_afterwards() -> None:
    at, number = 0.0, 0
    while at < 60:
        number += 1
        at += BACKOFF.delay_s(number, 1.0)

    assert at - 60 <= 40
