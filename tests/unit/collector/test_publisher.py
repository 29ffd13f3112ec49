"""What the spool gets first, and what is given up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.collector.publish_queue import MAX_WAITING, PublishQueue
from omprog_panic.collector.publisher import Publisher
from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import AliveRecord, BootRecord, SpoolRecord
from omprog_panic.spool.writer import MAX_BYTES, SpoolWriter
from tests.builders import make_incident
from tests.integration.test_collector import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class RecordingWriter(SpoolWriter):
    """The real writer, which remembers the order."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(folder, max_bytes)
        self.prepare()
        self.names: list[str] = []

    def publish(
        self,
        name: str,
        content: bytes,
        *,
        durable: bool = True,
        use_reserve: bool = False,
    ) -> bool:
        self.names.append(name.removesuffix(".json"))
        return super().publish(name, content, durable=durable, use_reserve=use_reserve)


class FaultyWriter(RecordingWriter):
    """Meets a fault of ours at its first tries of one record."""

    faults = 3

    def publish(
        self,
        name: str,
        content: bytes,
        *,
        durable: bool = True,
        use_reserve: bool = False,
    ) -> bool:
        if name == "poison.json" and self.faults:
            self.faults -= 1
            raise ZeroDivisionError(name)
        return super().publish(name, content, durable=durable, use_reserve=use_reserve)


def make_queue(*named: str) -> PublishQueue:
    """Every source is listed by its address, or only these are."""
    return PublishQueue(is_named=lambda source: not named or source in named)


def alive(number: int) -> AliveRecord:
    return AliveRecord(f"alive-{number}", f"10.0.0.{number}", "2026-11-22T21:00:00Z")


def test_a_flood_of_life_signs_is_bounded_and_stands_behind_the_panic(
    tmp_path: Path,
) -> None:
    writer = RecordingWriter(tmp_path)
    queue = make_queue()
    publisher = Publisher(writer, queue)
    flood: list[SpoolRecord] = [alive(n) for n in range(3 * MAX_WAITING)]
    boot = BootRecord(
        "boot",
        "10.0.0.2",
        "b",
        announced=False,
        last_heard_at=None,
        last_text=None,
        at="b",
    )
    incident = dataclasses.replace(make_incident(), id="incident")
    queue.submit([*flood, boot, incident])
    publisher.start()
    publisher.stop(30)

    assert writer.names[:2] == ["incident", "boot"]
    assert len(writer.names) == 2 + MAX_WAITING
    assert queue.take_done() == ["incident", "boot"]
    assert queue.unpublished() == set()


def test_a_fault_of_ours_ends_no_publishing_and_is_counted_and_tried_again(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = FaultyWriter(tmp_path)
    queue = make_queue()
    publisher = Publisher(writer, queue, retry_s=0.01)
    poison = dataclasses.replace(make_incident(), id="poison")
    queue.submit([poison, dataclasses.replace(make_incident(), id="other")])
    publisher.start()
    publisher.stop(30)

    assert writer.names == ["other", "poison"]
    assert queue.unpublished() == set()
    assert queue.take_counts() == {"publisher_faults": 3}
    assert caplog.text.count("ZeroDivisionError: poison.json") == 1


def test_a_fault_in_a_life_sign_costs_that_life_sign(tmp_path: Path) -> None:
    writer = FaultyWriter(tmp_path)
    queue = make_queue()
    publisher = Publisher(writer, queue, retry_s=0.01)
    sign = AliveRecord("poison", "10.0.0.2", "2026-11-22T21:00:00Z")
    queue.submit([sign, alive(1)])
    publisher.start()
    publisher.stop(30)

    assert writer.names == ["alive-1"]
    assert queue.take_counts() == {"publisher_faults": 1}


def test_the_panic_of_a_named_sender_goes_before_a_thousand_forged_ones(
    tmp_path: Path,
) -> None:
    writer = RecordingWriter(tmp_path)
    queue = make_queue("10.0.0.2")
    publisher = Publisher(writer, queue)
    forged = [make_incident(n, source="10.9.9.9") for n in range(100)]
    queue.submit([*forged, dataclasses.replace(make_incident(), id="known")])
    publisher.start()
    publisher.stop(60)

    assert writer.names[0] == "known"
    assert len(writer.names) == 101


def test_forged_panics_that_fill_the_spool_do_not_hold_up_a_named_sender(
    tmp_path: Path,
) -> None:
    size = len(encode(make_incident()))
    writer = RecordingWriter(tmp_path, max_bytes=8 * size)
    queue = make_queue("10.0.0.2")
    publisher = Publisher(writer, queue, retry_s=0.01)
    queue.submit([make_incident(n, source="10.9.9.9") for n in range(50)])
    publisher.start()
    wait_for(lambda: len(list((tmp_path / "new").iterdir())) >= 6)
    queue.submit([dataclasses.replace(make_incident(), id="known")])
    wait_for((tmp_path / "new" / "known.json").exists, 60)
    publisher.stop(0.1)

    assert len(queue.unpublished()) >= 43
