"""Messages that were given up, and whether somebody else was notified of that."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.outbox import OutboxState
from omprog_panic.store.schema import INCIDENTS, NOTIFICATIONS, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection

UNDELIVERED = "undelivered"  # the kind of the notification about dead letters


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a service never took."""

    id: int  # of the outbox row
    service_key: str
    service_label: str
    last_reason: str | None
    kind: str
    incident_id: str | None
    title: str | None
    source: str | None
    host: str | None


def give_up_orphaned(
    connection: Connection, served: Collection[str], created_before: float, now: float
) -> int:
    """Give up rows of services that are not configured any more: they have no worker.

    Return how many. Rows whose notification another service took, perhaps in place of
    this one, are dropped and not counted.
    """
    orphans = (
        OUTBOX.c.state == OutboxState.WAITING.value,
        OUTBOX.c.service_key.not_in(list(served)),
        OUTBOX.c.created_at < created_before,
    )
    other = OUTBOX.alias("other")
    taken = sa.select(other.c.id).where(
        other.c.notification_id == OUTBOX.c.notification_id,
        other.c.state == OutboxState.SENT.value,
    )
    connection.execute(
        sa.update(OUTBOX)
        .where(*orphans, taken.exists())
        .values(state=OutboxState.DROPPED.value, finished_at=now, reported=True)
    )
    reason = sa.func.coalesce(
        OUTBOX.c.last_reason, "its service is not configured any more"
    )
    given_up = connection.execute(
        sa.update(OUTBOX)
        .where(*orphans)
        .values(state=OutboxState.DEAD.value, finished_at=now, last_reason=reason)
    )
    return given_up.rowcount


def unreported(connection: Connection) -> list[DeadLetter]:
    """Return the dead letters that no other service was notified of, oldest first."""
    return [
        DeadLetter(
            id=row.id,
            service_key=row.service_key,
            service_label=row.service_label,
            last_reason=row.last_reason,
            kind=row.kind,
            incident_id=row.incident_id,
            title=row.title,
            source=row.source,
            host=row.host,
        )
        for row in connection.execute(_unreported_query())
    ]


def _unreported_query() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            OUTBOX.c.id,
            OUTBOX.c.service_key,
            OUTBOX.c.service_label,
            OUTBOX.c.last_reason,
            NOTIFICATIONS.c.kind,
            NOTIFICATIONS.c.incident_id,
            INCIDENTS.c.title,
            INCIDENTS.c.source,
            INCIDENTS.c.host,
        )
        .select_from(
            OUTBOX.join(NOTIFICATIONS).outerjoin(
                INCIDENTS, INCIDENTS.c.id == NOTIFICATIONS.c.incident_id
            )
        )
        .where(
            OUTBOX.c.state == OutboxState.DEAD.value,
            sa.not_(OUTBOX.c.reported),
            # A dead notification about dead letters must not cause a further one.
            NOTIFICATIONS.c.kind != UNDELIVERED,
        )
        .order_by(OUTBOX.c.id)
    )


def mark_reported(connection: Connection, ids: Sequence[int]) -> None:
    """Note that others were notified of these dead letters."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == sa.bindparam("row"))
        .values(reported=True),
        [{"row": row_id} for row_id in ids],
    )
