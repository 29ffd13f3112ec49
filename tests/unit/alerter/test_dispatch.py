"""Which rows the outbox gets, and who replaces a service that was removed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.alerter.dispatch import readdress, send_messages
from omprog_panic.config.model import Service
from omprog_panic.notification.boots import Back
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.notification import Notification, Recipient
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.store.schema import OUTBOX
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World

A, B = make_service("a"), make_service("b")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [A, B])
    yield world
    world.database.close()


def states(world: World) -> dict[str, list[str]]:
    with world.database.read() as connection:
        rows = connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.id)).all()
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.service_key, []).append(row.state)
    return found


def test_only_known_services_get_a_row_also_when_one_follows_later(
    world: World,
) -> None:
    first = Notification("n" * 32, Back(), (Recipient(A.key), Recipient("gone")))
    later = Notification("n" * 32, Back(), (Recipient(B.key),))
    with world.database.write() as connection:
        send_messages(connection, [first], [A, B], world.clock.now)
        send_messages(connection, [later], [A, B], world.clock.now)

    assert states(world) == {A.key: ["waiting"], B.key: ["waiting"]}


def test_an_incident_that_was_deleted_is_not_sent(world: World) -> None:
    incident = Notification(
        "n" * 32, IncidentNotes(), (Recipient(A.key),), incident_id="0" * 32
    )
    with world.database.write() as connection:
        send_messages(connection, [incident], [A], world.clock.now)

    assert states(world) == {}


def test_a_corrected_service_gets_what_its_old_url_did_not(world: World) -> None:
    world.receive(make_incident(1))
    corrected = make_service("corrected")
    with world.database.write() as connection:
        known, services, now = {B.key, corrected.key}, [B, corrected], world.clock.now
        assert readdress(connection, known, services, now) == 1
        assert readdress(connection, known, services, now) == 0
    sink = MemorySink()
    world.run(world.agent(corrected, sink), 1)

    assert len(sink.sent) == 1
    assert states(world)[B.key] == ["waiting"]


def test_a_corrected_url_sends_again_only_to_whom_it_failed(tmp_path: Path) -> None:
    def recipient(name: str, key: str) -> Service:
        shown = f"mailto://h to {name}"
        return make_service("ops", key=key, shown=shown, recipient=name)

    old = [recipient("a@h", "old-a"), recipient("b@h", "old-b")]
    new = [recipient("a@h", "new-a"), recipient("c@h", "new-c")]
    world = World(tmp_path, old)
    world.receive(make_incident(1))
    world.run(world.agent(old[0], MemorySink()), 1)
    with world.database.write() as connection:
        known = {service.key for service in new}
        assert readdress(connection, known, new, world.clock.now) == 1

    assert states(world) == {
        "old-a": ["sent"],
        "old-b": ["waiting"],
        "new-c": ["waiting"],
    }
    world.database.close()


def test_what_a_service_did_not_accept_goes_to_its_like_alone(world: World) -> None:
    world.receive(make_incident(1))
    corrected = make_service("corrected", tags=frozenset({"a", "night"}))
    stranger = make_service("stranger")
    known = {B.key, corrected.key, stranger.key}
    with world.database.write() as connection:
        services, now = [B, corrected, stranger], world.clock.now
        assert readdress(connection, known, services, now) == 1

    assert corrected.key in states(world)
    assert stranger.key not in states(world)
