"""Lines are processed as of the time of the first of them."""

from __future__ import annotations

from omprog_panic.collector.batch import MAX_AGE_S, MAX_LINES, Batch


def test_all_lines_have_the_time_of_the_first() -> None:
    batch = Batch()
    assert batch.begin(1.0) == 1.0
    batch.add(b"a\nb")
    batch.lines += 2
    assert batch.begin(1.001) == 1.0
    batch.add(b"c")
    batch.lines += 1

    assert batch
    assert batch.take() == (b"a\nb\nc", 3)
    assert not batch
    assert batch.begin(2.0) == 2.0


def test_it_is_open_until_it_is_full_or_old() -> None:
    batch = Batch()
    batch.begin(1.0)
    batch.add(b"a")
    batch.lines = MAX_LINES - 1

    assert batch.is_open(1.0)
    assert not batch.is_open(1.0 + MAX_AGE_S)
    batch.lines += 1
    assert not batch.is_open(1.0)
