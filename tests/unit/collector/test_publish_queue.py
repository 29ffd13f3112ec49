"""In which order records leave the queue, and what is counted."""

from __future__ import annotations

import dataclasses

from omprog_panic.collector.publish_queue import MAX_WAITING, PublishQueue
from omprog_panic.spool.record import AliveRecord, BootRecord, SpoolRecord
from tests.builders import make_incident

AT = "2026-11-22T21:00:00Z"
NAMED = "10.0.0.2"


def make_queue() -> PublishQueue:
    return PublishQueue(is_named=lambda source: source == NAMED)


def incident(name: str, source: str = "10.9.9.9") -> SpoolRecord:
    return dataclasses.replace(make_incident(), id=name, source=source)


def alive(number: int) -> AliveRecord:
    return AliveRecord(f"alive-{number}", "10.0.0.3", AT)


def boot(name: str) -> BootRecord:
    return BootRecord(name, NAMED, "b", True, None, None, AT)


def drained(queue: PublishQueue) -> list[str]:
    queue.end()
    names = []
    while (record := queue.next()) is not None:
        names.append(record.id)
    return names


def test_the_most_important_records_leave_first() -> None:
    queue = make_queue()
    queue.submit([alive(1), boot("boot"), incident("forged"), incident("named", NAMED)])

    assert drained(queue) == ["named", "forged", "boot", "alive-1"]


def test_signs_of_life_that_are_left_out_are_counted() -> None:
    queue = make_queue()
    queue.submit([alive(n) for n in range(MAX_WAITING + 7)])

    assert queue.take_counts() == {"left_out_life_signs": 7}
    assert queue.take_counts() == {}


def test_a_durable_record_is_unpublished_until_it_is_published() -> None:
    queue = make_queue()
    queue.submit([incident("one"), incident("two")])
    first = queue.next()
    assert first is not None
    assert queue.unpublished() == {"one", "two"}
    queue.published(first)

    assert queue.unpublished() == {"two"}
    assert queue.busy
    assert queue.take_done() == ["one"]
    assert queue.take_done() == []


def test_a_refused_incident_keeps_its_place_and_a_sign_of_life_is_dropped() -> None:
    queue = make_queue()
    queue.submit([incident("one"), incident("two"), alive(1)])
    first = queue.next()
    assert first is not None
    queue.refused(first)
    queue.refused(alive(2))

    assert drained(queue) == ["one", "two", "alive-1"]
    assert queue.take_counts() == {"left_out_life_signs": 1}


def test_a_record_that_failed_goes_behind_the_others() -> None:
    queue = make_queue()
    queue.submit([incident("one"), incident("two")])
    first = queue.next()
    assert first is not None
    queue.failed(first)

    assert drained(queue) == ["two", "one"]
    assert queue.take_counts() == {"publisher_faults": 1}


def test_a_published_record_that_failed_afterwards_does_not_come_again() -> None:
    queue = make_queue()
    queue.submit([incident("one")])
    first = queue.next()
    assert first is not None
    queue.published(first)
    queue.failed(first)

    assert drained(queue) == []
