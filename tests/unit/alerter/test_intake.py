from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.errors import StoreError
from omprog_panic.model import Severity
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    CountersRecord,
    ProbeRecord,
)
from omprog_panic.store import incidents, senders
from omprog_panic.store.connect import open_database
from omprog_panic.store.schema import INCIDENTS, NOTIFICATIONS, OUTBOX
from tests.alerter_process import publish
from tests.builders import make_incident, make_report, make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a"), make_service("b")])
    yield world
    world.database.close()


def count(world: World, table: sa.Table) -> int:
    with world.database.read() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int(connection.execute(query).scalar_one())


def test_an_incident_is_stored_and_addressed_to_every_service(world: World) -> None:
    assert world.receive(make_incident(1)) == 1

    assert (count(world, INCIDENTS), count(world, NOTIFICATIONS)) == (1, 1)
    assert count(world, OUTBOX) == 2
    assert world.spool_files() == 0
    assert world.names() == ["incident"]


def test_the_same_file_again_changes_nothing(world: World) -> None:
    world.receive(make_incident(1))
    world.receive(make_incident(1))

    assert count(world, OUTBOX) == 2
    assert world.spool_files() == 0
    assert world.names() == ["incident"]


def test_mild_incidents_are_stored_only(world: World) -> None:
    world.intake.analyze = lambda _, __: make_report(severity=Severity.WARNING)
    world.receive(make_incident(1))

    assert (count(world, INCIDENTS), count(world, OUTBOX)) == (1, 0)
    assert world.events[0].fields["decision"] == "STORE_ONLY"


def test_signs_of_life_are_stored_and_notify_nobody(world: World) -> None:
    world.receive(
        BootRecord("b1", "10.0.0.2", "boot", False, None, None, "2026-01-01"),
        AliveRecord("a1", "10.0.0.3", "2026-01-01", says="alive", kernel="6.1"),
        ProbeRecord("p1", "127.0.0.1", "token", "2026-01-01"),
        CountersRecord("c1", "2026-01-01", {"lines": 5}),
    )

    with world.database.read() as connection:
        heard = {row.source for row in senders.list_senders(connection, 10)}
        counters = senders.load_counters(connection)
    assert heard == {"10.0.0.2", "10.0.0.3"}
    assert counters is not None
    assert counters.counters == {"lines": 5}
    assert count(world, OUTBOX) == 0
    assert world.spool_files() == 0


def test_files_stay_until_the_database_has_them(world: World) -> None:
    publish(world.spool, make_incident(1))
    other = open_database(world.location)
    with other.write(), pytest.raises(StoreError, match="locked"):
        world.intake.run_once()
    other.close()
    assert world.spool_files() == 1
    assert world.events == []

    assert world.intake.run_once() == 1
    assert world.spool_files() == 0
    assert world.names() == ["incident"]


def test_a_crash_between_commit_and_delete_makes_no_second_alert(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(world.intake.spool, "remove", lambda _: _die())
        publish(world.spool, make_incident(1))
        with pytest.raises(KeyboardInterrupt):
            world.intake.run_once()
    assert (world.spool_files(), count(world, INCIDENTS)) == (1, 1)

    world.intake.run_once()
    assert (world.spool_files(), count(world, NOTIFICATIONS)) == (0, 1)


def _die() -> None:
    raise KeyboardInterrupt


def test_a_bug_in_the_analysis_costs_no_alert(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object, __: object) -> object:
        raise ZeroDivisionError

    world.intake.analyze = broken  # type: ignore[assignment]
    world.receive(make_incident(1))

    [event] = world.events
    assert event.fields["severity"] == "PANIC"
    assert event.fields["title"] == make_incident().onset.text
    assert count(world, OUTBOX) == 2
    assert "analysis failed" in caplog.text


def test_one_record_that_cannot_be_stored_blocks_no_other(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real: Callable[..., set[str]] = incidents.insert_incidents

    def insert(
        connection: object, items: Sequence[tuple[incidents.StoredIncident, bytes]]
    ) -> set[str]:
        if any(incident.record.id.endswith("2") for incident, _ in items):
            raise OverflowError("too large for a database")
        return real(connection, items)

    monkeypatch.setattr(incidents, "insert_incidents", insert)
    world.receive(*(make_incident(number) for number in (1, 2, 3)))

    assert count(world, INCIDENTS) == 2
    assert world.spool_files() == 0
    assert len(list((world.spool / "corrupt").iterdir())) == 1
    assert "cannot be stored: too large" in caplog.records[-1].__dict__["reason"]
