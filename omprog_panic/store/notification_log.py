"""Notifications, and the log of every attempt to deliver one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.schema import NOTIFICATION_LOG, NOTIFICATIONS, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class StoredNotification:
    """One notification; its receivers are rows of the outbox."""

    id: str
    kind: str
    incident_id: str | None
    decision: str
    created_at: float
    details: str | None = None  # as notification.codec writes it


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one service."""

    outbox_id: int
    number: int
    at: float
    took_s: float
    delivered: bool
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """How far a notification has come at one service."""

    notification_id: str
    decision: str
    service_label: str
    state: str
    attempts: int
    finished_at: float | None
    last_reason: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class FailedAttempt:
    """The last failed attempt at a service."""

    service_key: str
    service_label: str
    at: float
    took_s: float
    reason: str


def insert_notifications(
    connection: Connection, notifications: Sequence[StoredNotification]
) -> None:
    """Store notifications."""
    if notifications:
        values = [
            {
                "id": notification.id,
                "kind": notification.kind,
                "incident_id": notification.incident_id,
                "decision": notification.decision,
                "created_at": notification.created_at,
                "details": notification.details,
            }
            for notification in notifications
        ]
        connection.execute(sa.insert(NOTIFICATIONS), values)


def notification_exists(connection: Connection, notification_id: str) -> bool:
    """Return whether a notification is stored."""
    query = sa.select(NOTIFICATIONS.c.id).where(NOTIFICATIONS.c.id == notification_id)
    return connection.execute(query).first() is not None


def notification_details(connection: Connection, notification_id: str) -> str | None:
    """Return the details of a notification; None: it has none, or does not exist."""
    query = sa.select(NOTIFICATIONS.c.details)
    found = connection.execute(query.where(NOTIFICATIONS.c.id == notification_id))
    return found.scalar()


def log_attempt(connection: Connection, attempt: Attempt) -> None:
    """Store the outcome of an attempt."""
    connection.execute(
        sa.insert(NOTIFICATION_LOG).values(
            outbox_id=attempt.outbox_id,
            attempt=attempt.number,
            at=attempt.at,
            took_s=attempt.took_s,
            delivered=attempt.delivered,
            reason=attempt.reason,
        )
    )


def deliveries(connection: Connection, incident_id: str) -> list[Delivery]:
    """Return the deliveries of an incident's notifications, one per service."""
    query = (
        sa.select(
            OUTBOX.c.notification_id,
            NOTIFICATIONS.c.decision,
            OUTBOX.c.service_label,
            OUTBOX.c.state,
            OUTBOX.c.attempts,
            OUTBOX.c.finished_at,
            OUTBOX.c.last_reason,
        )
        .join_from(OUTBOX, NOTIFICATIONS)
        .where(NOTIFICATIONS.c.incident_id == incident_id)
        .order_by(OUTBOX.c.id)
    )
    return [
        Delivery(
            notification_id=row.notification_id,
            decision=row.decision,
            service_label=row.service_label,
            state=row.state,
            attempts=row.attempts,
            finished_at=row.finished_at,
            last_reason=row.last_reason,
        )
        for row in connection.execute(query)
    ]


def last_failed_attempts(connection: Connection) -> list[FailedAttempt]:
    """Return the last failed attempt at each service, newest first."""
    newest = (
        sa.select(sa.func.max(NOTIFICATION_LOG.c.id).label("newest"))
        .join_from(NOTIFICATION_LOG, OUTBOX)
        .where(sa.not_(NOTIFICATION_LOG.c.delivered))
        .group_by(OUTBOX.c.service_key)
        .subquery()
    )
    query = (
        sa.select(
            OUTBOX.c.service_key,
            OUTBOX.c.service_label,
            NOTIFICATION_LOG.c.at,
            NOTIFICATION_LOG.c.took_s,
            NOTIFICATION_LOG.c.reason,
        )
        .select_from(NOTIFICATION_LOG.join(OUTBOX))
        .join(newest, newest.c.newest == NOTIFICATION_LOG.c.id)
        .order_by(NOTIFICATION_LOG.c.at.desc())
    )
    return [
        FailedAttempt(
            row.service_key, row.service_label, row.at, row.took_s, row.reason
        )
        for row in connection.execute(query)
    ]


def last_took_s(connection: Connection, outbox_id: int) -> float | None:
    """Return how long the last attempt at a row took; None: there was none."""
    query = (
        sa.select(NOTIFICATION_LOG.c.took_s)
        .where(NOTIFICATION_LOG.c.outbox_id == outbox_id)
        .order_by(NOTIFICATION_LOG.c.id.desc())
        .limit(1)
    )
    found = connection.execute(query).scalar()
    return None if found is None else float(found)
