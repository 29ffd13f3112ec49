"""From a row to an alert: what the store has, and what it cannot read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.alerter.compose import read_notification
from omprog_panic.alerter.dispatch import notify_test, send_messages
from omprog_panic.notification.boots import Back
from omprog_panic.notification.codec import encode
from omprog_panic.notification.incident import IncidentNotes, RequestedTest
from omprog_panic.notification.monitor import MonitorDeaf
from omprog_panic.notification.notification import Notification, Recipient
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.store.outbox import OutboxRow
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World

A = make_service("a")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [A])
    yield world
    world.database.close()


def row(kind: str, incident_id: str | None = None) -> OutboxRow:
    return OutboxRow(1, "n" * 32, kind, incident_id, A.key, 1, 0.0, None)


@pytest.mark.parametrize("stored", ["{", "[]", '{"kind": "of-later", "id": "n"}'])
def test_an_unreadable_notification_is_still_an_alert(stored: str) -> None:
    assert read_notification(row("back"), stored).facts == Back()
    assert read_notification(row("x", "i"), stored).facts == IncidentNotes()
    assert read_notification(row("x"), None).facts == RequestedTest()


def test_what_was_stored_is_what_is_read() -> None:
    notification = Notification("n", Back(count=3), (Recipient("a", "short"),))

    assert read_notification(row("back"), encode(notification)) == notification


def test_a_sink_is_given_the_notification_of_the_policy(world: World) -> None:
    world.receive(make_incident(0xABC))
    sink = MemorySink()
    world.run(world.agent(A, sink), 1)

    [alert] = sink.alerts
    assert alert.notification.incident_id == f"{0xABC:032x}"
    assert alert.notification.facts == IncidentNotes()
    assert alert.alert_id == "00000000"
    # Without the policy these come from the incident.
    assert alert.notification.labels.host == "db-07"
    assert alert.notification.labels.severity == "panic"
    assert alert.notification.cause
    assert alert.renderer.attachment() is not None


def test_the_monitor_names_itself(world: World) -> None:
    deaf = Notification("d" * 32, MonitorDeaf(misses=3), (Recipient(A.key),))
    with world.database.write() as connection:
        send_messages(connection, [deaf], [A], world.clock.now)
        notify_test(connection, [A], world.clock.now)
    sink = MemorySink()
    world.run(world.agent(A, sink), 1)

    kinds = {alert.notification.kind.value for alert in sink.alerts}
    assert kinds == {"monitor-deaf", "test"}
    [facts] = [
        alert.notification.facts
        for alert in sink.alerts
        if isinstance(alert.notification.facts, MonitorDeaf)
    ]
    assert facts.monitor != ""
