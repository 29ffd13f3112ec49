"""From a decision to outbox rows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from omprog_panic.store import outbox
from omprog_panic.store.notification_log import Notification, insert_notification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from omprog_panic.config.model import Service


def notify_incident(
    connection: Connection,
    incident_id: str,
    decision: str,
    services: Sequence[Service],
    now: float,
) -> str:
    """Address an incident to services, in the caller's transaction."""
    # Made from the incident: a second one cannot come to be, whatever happens.
    notification_id = uuid.uuid5(uuid.NAMESPACE_OID, f"incident:{incident_id}").hex
    _create(connection, notification_id, "incident", incident_id, decision, now)
    outbox.enqueue(connection, notification_id, _addresses(services), now)
    return notification_id


def notify_test(connection: Connection, services: Sequence[Service], now: float) -> str:
    """Address a marked sample to services, in the caller's transaction."""
    notification_id = uuid.uuid4().hex
    _create(connection, notification_id, "test", None, "NOTIFY_TEST", now)
    outbox.enqueue(connection, notification_id, _addresses(services), now)
    return notification_id


def readdress(connection: Connection, services: Sequence[Service], now: float) -> int:
    """After a change of services: tell the new ones what the vanished were not told.

    A mended token makes a new service of an old one; its alerts must not die with it.
    The rows of vanished services stay until they expire, in case they come back.
    """
    keys = {service.key for service in services}
    count = 0
    for notification_id in outbox.unaddressed(connection, keys):
        told = outbox.addressed_to(connection, notification_id)
        new = [service for service in services if service.key not in told]
        outbox.enqueue(connection, notification_id, _addresses(new), now)
        count += len(new)
    return count


def _create(
    connection: Connection,
    notification_id: str,
    kind: str,
    incident_id: str | None,
    decision: str,
    now: float,
) -> None:
    notification = Notification(notification_id, kind, incident_id, decision, now)
    insert_notification(connection, notification)


def _addresses(services: Sequence[Service]) -> list[tuple[str, str]]:
    return [(service.key, service.label) for service in services]
