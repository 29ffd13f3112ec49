"""The earliest time of a key counts."""

from __future__ import annotations

from omprog_panic.collector.schedule import Schedule


def drained(schedule: Schedule, now: float) -> list[tuple[float, str]]:
    due = []
    while (item := schedule.pop(now)) is not None:
        due.append(item)
    return due


def test_what_is_due_comes_in_order_and_once() -> None:
    schedule = Schedule()
    for key, at in (("a", 3.0), ("b", 1.0), ("c", 9.0)):
        schedule.set(key, at)

    assert schedule.next_at() == 1.0
    assert drained(schedule, 5.0) == [(1.0, "b"), (3.0, "a")]
    assert schedule


def test_an_earlier_time_replaces_a_later_one_and_not_the_reverse() -> None:
    schedule = Schedule()
    for at in (5.0, 2.0, 7.0, None):
        schedule.set("a", at)

    assert drained(schedule, 100.0) == [(2.0, "a")]
    assert schedule.next_at() is None


def test_a_discarded_key_is_never_due() -> None:
    schedule = Schedule()
    schedule.set("a", 1.0)
    schedule.discard("a")
    schedule.discard("b")

    assert not schedule
    assert schedule.pop(5.0) is None
