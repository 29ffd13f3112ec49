"""What people see of the outbox, and what they do with it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.outbox import (
    ASKED_FOR,
    OPEN,
    OutboxState,
    QueuedDelivery,
    enqueue,
)
from omprog_panic.store.recipients import recipients_of
from omprog_panic.store.schema import INCIDENTS, NOTIFICATIONS, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceBacklog:
    """The rows of one service in one state."""

    service_key: str
    service_label: str
    state: str
    alerts: int
    oldest_at: float
    reason: str | None  # why the newest row that was tried is not delivered


@dataclasses.dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One row and what it is about: columns of three tables, hence so many."""

    id: int
    created_at: float
    state: str
    attempts: int
    next_attempt_at: float
    finished_at: float | None
    service_key: str
    service_label: str
    notification_id: str
    kind: str
    incident_id: str | None
    source: str | None
    title: str | None
    last_reason: str | None
    stands_in_for: str | None
    in_doubt: int  # attempts after which it may have arrived


def backlog(connection: Connection) -> list[ServiceBacklog]:
    """Count the rows of each service in each state."""
    failed, unfinished = OUTBOX.alias("failed"), (*OPEN, OutboxState.DEAD.value)
    # The newest row may not have been tried yet.
    tried = sa.and_(OUTBOX.c.last_reason.is_not(None), OUTBOX.c.state.in_(unfinished))
    groups = (
        sa.select(
            OUTBOX.c.service_key,
            OUTBOX.c.state,
            sa.func.count().label("alerts"),
            sa.func.min(OUTBOX.c.created_at).label("oldest_at"),
            sa.func.max(OUTBOX.c.id).label("newest"),
            sa.func.max(sa.case((tried, OUTBOX.c.id))).label("failed"),
        )
        .group_by(OUTBOX.c.service_key, OUTBOX.c.state)
        .subquery()
    )
    query = sa.select(
        groups.c.service_key,
        OUTBOX.c.service_label,
        groups.c.state,
        groups.c.alerts,
        groups.c.oldest_at,
        failed.c.last_reason.label("reason"),
    ).select_from(
        groups.join(OUTBOX, OUTBOX.c.id == groups.c.newest).outerjoin(
            failed, failed.c.id == groups.c.failed
        )
    )
    return [
        ServiceBacklog(
            service_key=row.service_key,
            service_label=row.service_label,
            state=row.state,
            alerts=row.alerts,
            oldest_at=row.oldest_at,
            reason=row.reason,
        )
        for row in connection.execute(query.order_by(OUTBOX.c.service_label))
    ]


def list_entries(
    connection: Connection, states: Collection[str], limit: int
) -> list[OutboxEntry]:
    """Return rows in these states, oldest first."""
    return _entries(connection, OUTBOX.c.state.in_(list(states)), limit)


def entries_of(connection: Connection, notification_id: str) -> list[OutboxEntry]:
    """Return the rows of one notification, one per service."""
    return _entries(connection, OUTBOX.c.notification_id == notification_id, None)


def _entries(
    connection: Connection, where: sa.ColumnElement[bool], limit: int | None
) -> list[OutboxEntry]:
    query = (
        sa.select(
            OUTBOX,
            NOTIFICATIONS.c.kind,
            NOTIFICATIONS.c.incident_id,
            INCIDENTS.c.title,
            INCIDENTS.c.source,
        )
        .select_from(
            OUTBOX.join(NOTIFICATIONS).outerjoin(
                INCIDENTS, INCIDENTS.c.id == NOTIFICATIONS.c.incident_id
            )
        )
        .where(where)
        .order_by(OUTBOX.c.id)
        .limit(limit)
    )
    return [_entry(row) for row in connection.execute(query)]


def _entry(row: Row[tuple[object, ...]]) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        created_at=row.created_at,
        state=row.state,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        finished_at=row.finished_at,
        service_key=row.service_key,
        service_label=row.service_label,
        notification_id=row.notification_id,
        kind=row.kind,
        incident_id=row.incident_id,
        source=row.source,
        title=row.title,
        last_reason=row.last_reason,
        stands_in_for=row.stands_in_for,
        in_doubt=row.in_doubt,
    )


def retry(connection: Connection, ids: Sequence[int] | None, now: float) -> int:
    """Make waiting and dead rows due at once, with all of ``retry_for_s`` before them.

    None: all of them. Rows that are being sent are left alone. Return how many.
    """
    update = sa.update(OUTBOX).where(
        OUTBOX.c.state.in_([OutboxState.WAITING.value, OutboxState.DEAD.value])
    )
    if ids is not None:
        update = update.where(OUTBOX.c.id.in_(list(ids)))
    return connection.execute(_requeued(update, now)).rowcount


def drop(connection: Connection, ids: Sequence[int] | None, now: float) -> int:
    """Give rows up for good (None: all dead ones); return how many.

    Their attempts stay in the notification log.
    """
    update = sa.update(OUTBOX)
    if ids is None:
        update = update.where(OUTBOX.c.state == OutboxState.DEAD.value)
    else:
        update = update.where(
            OUTBOX.c.id.in_(list(ids)),
            OUTBOX.c.state.in_([OutboxState.WAITING.value, OutboxState.DEAD.value]),
        )
    dropped = connection.execute(
        update.values(
            state=OutboxState.DROPPED.value, owner=None, finished_at=now, reported=True
        )
    )
    return dropped.rowcount


def resend(
    connection: Connection, notification_id: str, labels: Mapping[str, str], now: float
) -> int:
    """Send a notification (again) to services, given as key and label.

    Return to how many, those included to which it is being sent right now.
    """
    known = recipients_of(connection, notification_id)
    order_key = next(iter(known.values()), None)
    new = [key for key in labels if key not in known]
    enqueue(
        connection,
        [QueuedDelivery(notification_id, key, labels[key], order_key) for key in new],
        now,
        due_at=ASKED_FOR,
    )
    update = sa.update(OUTBOX).where(
        OUTBOX.c.notification_id == notification_id,
        OUTBOX.c.service_key.in_([key for key in labels if key in known]),
        OUTBOX.c.state != OutboxState.SENDING.value,
    )
    connection.execute(_requeued(update, now))
    return len(labels)


def _requeued(update: sa.Update, now: float) -> sa.Update:
    may_be_there = sa.or_(
        OUTBOX.c.state == OutboxState.SENT.value, OUTBOX.c.in_doubt > 0
    )
    return update.values(
        in_doubt=sa.case((may_be_there, 1), else_=0),
        state=OutboxState.WAITING.value,
        next_attempt_at=ASKED_FOR,
        created_at=now,
        finished_at=None,
        overtakable=False,
        reported=False,
    )
