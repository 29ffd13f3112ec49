"""What people do with the outbox and with stored incidents."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.incidents import find_one
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.errors import OmprogPanicError, SpoolError
from omprog_panic.policy.evaluation import incident_message_id
from omprog_panic.render.context import utc
from omprog_panic.spool.writer import SpoolWriter
from omprog_panic.store import outbox_admin, retention
from omprog_panic.store.connect import existing_database
from omprog_panic.store.incidents import load_spool_file
from omprog_panic.store.notification_log import (
    StoredNotification,
    insert_notifications,
    notification_exists,
)
from omprog_panic.store.outbox import OPEN, OutboxState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.alerter.setup import Setup
    from omprog_panic.config.model import Paths, Service
    from omprog_panic.store.outbox_admin import OutboxEntry

UNFINISHED = (*OPEN, OutboxState.DEAD.value)


def list_outbox(
    paths: Paths, limit: int, *, everything: bool = False
) -> list[dict[str, Any]]:
    """Return what is not delivered, dead rows too; or everything, oldest first.

    Raises:
        StoreError: the database cannot be read.

    """
    states = [state.value for state in OutboxState] if everything else UNFINISHED
    with existing_database(paths.database) as database, database.read() as connection:
        rows = outbox_admin.list_entries(connection, states, limit)
    return [_entry(row) for row in rows]


def _entry(row: OutboxEntry) -> dict[str, Any]:
    return {
        "id": row.id,
        "created_at": row.created_at,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "service_key": row.service_key,
        "service_label": row.service_label,
        "kind": row.kind,
        "incident_id": row.incident_id,
        "source": row.source,
        "title": row.title,
        "last_reason": row.last_reason,
        "stands_in_for": row.stands_in_for,
        "time": utc(rfc3339(row.created_at)),
    }


def retry_outbox(paths: Paths, ids: Sequence[int] | None) -> int:
    """Make rows due now, dead ones too (None: all); tell how many.

    Raises:
        OmprogPanicError: none of them can be sent again.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.write() as connection:
        count = outbox_admin.retry(connection, ids, now)
    _refuse_nothing(count, ids, "nothing that could be sent again")
    _wake(paths)
    return count


def drop_outbox(paths: Paths, ids: Sequence[int] | None) -> int:
    """Forget rows that wait or are dead (None: all dead ones); tell how many.

    Raises:
        OmprogPanicError: none of them can be dropped.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.write() as connection:
        count = outbox_admin.drop(connection, ids, now)
    _refuse_nothing(count, ids, "nothing that could be dropped")
    return count


def resend_incident(setup: Setup, prefix: str, services: Sequence[Service]) -> int:
    """Send an incident (again) to these services; tell to how many it goes.

    Raises:
        OmprogPanicError: no incident, or several, begin with these digits.
        StoreError: the database cannot be written.

    """
    paths, now = setup.config.paths, SystemClock().wall()
    labels = {service.key: service.label for service in services}
    with existing_database(paths.database) as database, database.write() as connection:
        incident_id = find_one(connection, prefix)
        id_ = incident_message_id(incident_id)
        if not notification_exists(connection, id_):
            told = StoredNotification(
                id_, "incident", incident_id, "NOTIFY_RESENT", now
            )
            insert_notifications(connection, [told])
        count = outbox_admin.resend(connection, id_, labels, now)
    _wake(paths)
    return count


def export_incident(paths: Paths, prefix: str) -> bytes:
    """Return the spool file that an incident came in, unaltered.

    Raises:
        OmprogPanicError: no incident, or several, begin with these digits.
        StoreError: the database cannot be read.

    """
    with existing_database(paths.database) as database, database.read() as connection:
        return load_spool_file(connection, find_one(connection, prefix))


def delete_incident(paths: Paths, prefix: str, *, force: bool) -> str:
    """Delete an incident with all that belongs to it; give its id.

    Raises:
        OmprogPanicError: no such incident, or its alert is not delivered yet.
        StoreError: the database cannot be written.

    """
    with existing_database(paths.database) as database, database.write() as connection:
        incident_id = find_one(connection, prefix)
        if not force and retention.is_undelivered(connection, incident_id):
            raise OmprogPanicError(
                f"{incident_id}: its alert is not delivered yet: see outbox list, "
                "or use --force"
            )
        retention.delete_incidents(connection, [incident_id])
    return incident_id


def _refuse_nothing(count: int, ids: Sequence[int] | None, what: str) -> None:
    if not count:
        among = "" if ids is None else f" among {', '.join(map(str, ids))}"
        raise OmprogPanicError(f"{what}{among}: see omprog-panic outbox list")


def _wake(paths: Paths) -> None:
    # Without it the alerter looks within limits.poll_s.
    with contextlib.suppress(SpoolError, OSError):
        SpoolWriter(paths.spool).wake_reader()
