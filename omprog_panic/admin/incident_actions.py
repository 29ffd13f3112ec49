"""Sending an incident again, exporting it, deleting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.admin.incident_ids import resolve_id
from omprog_panic.admin.wake import wake_alerter
from omprog_panic.clock import SystemClock
from omprog_panic.errors import OmprogPanicError
from omprog_panic.policy.evaluation import incident_message_id
from omprog_panic.store import outbox_admin, retention
from omprog_panic.store.connect import existing_database
from omprog_panic.store.incidents import load_spool_file
from omprog_panic.store.notification_log import (
    StoredNotification,
    insert_notifications,
    notification_exists,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.config.model import Paths, Service


def resend_incident(paths: Paths, prefix: str, services: Sequence[Service]) -> int:
    """Send an incident (again) to these services; return to how many it goes.

    Raises:
        OmprogPanicError: no incident, or several, have an id that begins so.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    labels = {service.key: service.label for service in services}
    with existing_database(paths.database) as database, database.write() as connection:
        incident_id = resolve_id(connection, prefix)
        id_ = incident_message_id(incident_id)
        if not notification_exists(connection, id_):
            notification = StoredNotification(
                id_, "incident", incident_id, "NOTIFY_RESENT", now
            )
            insert_notifications(connection, [notification])
        count = outbox_admin.resend(connection, id_, labels, now)
    wake_alerter(paths)
    return count


def export_incident(paths: Paths, prefix: str) -> bytes:
    """Return the unaltered spool file of an incident.

    Raises:
        OmprogPanicError: no incident, or several, have an id that begins so.
        StoreError: the database cannot be read.

    """
    with existing_database(paths.database) as database, database.read() as connection:
        return load_spool_file(connection, resolve_id(connection, prefix))


def delete_incident(paths: Paths, prefix: str, *, force: bool) -> str:
    """Delete an incident with all that belongs to it; return its id.

    Raises:
        OmprogPanicError: no such incident, or its alert is pending and not ``force``.
        StoreError: the database cannot be written.

    """
    with existing_database(paths.database) as database, database.write() as connection:
        incident_id = resolve_id(connection, prefix)
        if not force and retention.is_undelivered(connection, incident_id):
            raise OmprogPanicError(
                f"{incident_id}: its alert is not delivered yet: see outbox list, "
                "or use --force"
            )
        retention.delete_incidents(connection, [incident_id])
    return incident_id
