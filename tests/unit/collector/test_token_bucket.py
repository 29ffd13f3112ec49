"""So many at once, then so many a second."""

from __future__ import annotations

from omprog_panic.collector.token_bucket import TokenBucket


def test_a_burst_is_limited_and_time_fills_the_bucket() -> None:
    bucket = TokenBucket(3, per_s=0.5)

    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(12.0) for _ in range(2)] == [True, False]


def test_it_never_holds_more_than_its_size() -> None:
    bucket = TokenBucket(2, per_s=1.0)
    bucket.take(0.0)

    assert [bucket.take(1e6) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_fills_nothing() -> None:
    bucket = TokenBucket(1, per_s=1.0)

    assert bucket.take(100.0)
    assert not bucket.take(50.0)
