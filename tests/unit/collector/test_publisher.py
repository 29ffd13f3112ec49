"""What the spool gets first, and what is given up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.collector.publisher import MAX_WAITING, Publisher
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


def alive(number: int) -> AliveRecord:
    return AliveRecord(f"alive-{number}", f"10.0.0.{number}", "2026-11-22T21:00:00Z")


def test_a_flood_of_life_signs_is_bounded_and_stands_behind_the_panic(
    tmp_path: Path,
) -> None:
    writer = RecordingWriter(tmp_path)
    publisher = Publisher(writer)
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
    publisher.submit([*flood, boot, incident])
    publisher.start()
    publisher.stop(30)

    assert writer.names[:2] == ["incident", "boot"]
    assert len(writer.names) == 2 + MAX_WAITING
    assert publisher.take_done() == ["incident", "boot"]
    assert publisher.unpublished() == set()


def test_a_fault_of_ours_ends_no_publishing_and_is_counted_and_tried_again(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = FaultyWriter(tmp_path)
    publisher = Publisher(writer, retry_s=0.01)
    poison = dataclasses.replace(make_incident(), id="poison")
    publisher.submit([poison, dataclasses.replace(make_incident(), id="other")])
    publisher.start()
    publisher.stop(30)

    assert writer.names == ["other", "poison"]
    assert publisher.unpublished() == set()
    assert publisher.take_counts() == {"publisher_faults": 3}
    assert caplog.text.count("ZeroDivisionError: poison.json") == 1


def test_a_fault_in_a_life_sign_costs_that_life_sign(tmp_path: Path) -> None:
    writer = FaultyWriter(tmp_path)
    publisher = Publisher(writer, retry_s=0.01)
    sign = AliveRecord("poison", "10.0.0.2", "2026-11-22T21:00:00Z")
    publisher.submit([sign, alive(1)])
    publisher.start()
    publisher.stop(30)

    assert writer.names == ["alive-1"]
    assert publisher.take_counts() == {"publisher_faults": 1}


def test_life_signs_that_are_left_out_are_counted(tmp_path: Path) -> None:
    publisher = Publisher(RecordingWriter(tmp_path))
    publisher.submit([alive(n) for n in range(MAX_WAITING + 7)])

    assert publisher.take_counts() == {"left_out_life_signs": 7}
    assert publisher.take_counts() == {}


def test_the_panic_of_a_named_sender_goes_before_a_thousand_forged_ones(
    tmp_path: Path,
) -> None:
    writer = RecordingWriter(tmp_path)
    publisher = Publisher(writer, is_named=lambda source: source == "10.0.0.2")
    forged = [make_incident(n, source="10.9.9.9") for n in range(100)]
    publisher.submit([*forged, dataclasses.replace(make_incident(), id="known")])
    publisher.start()
    publisher.stop(60)

    assert writer.names[0] == "known"
    assert len(writer.names) == 101


def test_forged_panics_that_fill_the_spool_do_not_hold_up_a_named_sender(
    tmp_path: Path,
) -> None:
    size = len(encode(make_incident()))
    writer = RecordingWriter(tmp_path, max_bytes=8 * size)
    publisher = Publisher(
        writer,
        retry_s=0.01,
        is_named=lambda source: source == "10.0.0.2",
    )
    publisher.submit([make_incident(n, source="10.9.9.9") for n in range(50)])
    publisher.start()
    wait_for(lambda: len(list((tmp_path / "new").iterdir())) >= 6)
    publisher.submit([dataclasses.replace(make_incident(), id="known")])
    wait_for((tmp_path / "new" / "known.json").exists, 60)
    publisher.stop(0.1)

    assert len(publisher.unpublished()) >= 43
