"""What is still to be said to whom: one row for each notification and service.

waiting -> sending (leased) -> sent, or back to waiting, or dead at the end of
``retry_for_s``. Sending happens outside any transaction; a lease that ran out, or
whose owner started anew, is due again: at least once.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from omprog_panic.store.schema import NOTIFICATIONS, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy.engine import Connection, Row


class State(enum.Enum):
    """Of an outbox row; the values are in the data base."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"  # given up; status shows it


OPEN = (State.WAITING.value, State.SENDING.value)


@dataclasses.dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message to one service, leased to the caller."""

    id: int
    notification_id: str
    kind: str
    incident_id: str | None
    service_key: str
    attempts: int  # with the one about to be made
    created_at: float
    last_reason: str | None


def enqueue(
    connection: Connection,
    notification_id: str,
    services: Iterable[tuple[str, str]],
    now: float,
) -> None:
    """Address a notification to services, given as (key, label)."""
    rows = [
        {
            "notification_id": notification_id,
            "service_key": key,
            "service_label": label,
            "state": State.WAITING.value,
            "attempts": 0,
            "next_attempt_at": now,
            "created_at": now,
        }
        for key, label in services
    ]
    if rows:
        connection.execute(sa.insert(OUTBOX), rows)


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """On what terms a row is taken."""

    owner: str
    seconds: float  # longer than the delivery timeout
    horizon_s: float  # no row is ever due later than this: if so, the clock fell back


def claim(
    connection: Connection, service_key: str, lease: Lease, now: float
) -> OutboxRow | None:
    """Take the row of this service that is due longest, if one is due."""
    due = sa.or_(
        OUTBOX.c.next_attempt_at <= now,
        OUTBOX.c.next_attempt_at > now + lease.horizon_s,
    )
    query = (
        sa.select(OUTBOX, NOTIFICATIONS.c.kind, NOTIFICATIONS.c.incident_id)
        .join_from(OUTBOX, NOTIFICATIONS)
        .where(OUTBOX.c.service_key == service_key, OUTBOX.c.state.in_(OPEN), due)
        .order_by(OUTBOX.c.next_attempt_at, OUTBOX.c.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    taken = connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == row.id, OUTBOX.c.next_attempt_at == row.next_attempt_at)
        .values(
            state=State.SENDING.value,
            owner=lease.owner,
            next_attempt_at=now + lease.seconds,
            attempts=OUTBOX.c.attempts + 1,
        )
    )
    if taken.rowcount != 1:
        return None  # another monitor was quicker
    return OutboxRow(
        id=row.id,
        notification_id=row.notification_id,
        kind=row.kind,
        incident_id=row.incident_id,
        service_key=row.service_key,
        attempts=row.attempts + 1,
        created_at=row.created_at,
        last_reason=row.last_reason,
    )


def next_due(connection: Connection, service_key: str) -> float | None:
    """When the next row of this service is due; None when it has none open."""
    query = sa.select(sa.func.min(OUTBOX.c.next_attempt_at)).where(
        OUTBOX.c.service_key == service_key, OUTBOX.c.state.in_(OPEN)
    )
    found = connection.execute(query).scalar()
    return None if found is None else float(found)


def finish(connection: Connection, row_id: int, state: State, now: float) -> None:
    """Close a row: sent, or given up (then ``defer`` has left the reason)."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == row_id)
        .values(state=state.value, owner=None, finished_at=now)
    )


def defer(connection: Connection, row_id: int, until: float, reason: str) -> None:
    """Give the lease back: try again at ``until``."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == row_id)
        .values(
            state=State.WAITING.value,
            owner=None,
            next_attempt_at=until,
            last_reason=reason,
        )
    )


def hurry(connection: Connection, service_key: str, now: float) -> None:
    """Make due now what waits for a service that answers again."""
    connection.execute(
        sa.update(OUTBOX)
        .where(
            OUTBOX.c.service_key == service_key,
            OUTBOX.c.state == State.WAITING.value,
            OUTBOX.c.next_attempt_at > now,
        )
        .values(next_attempt_at=now)
    )


def release_leases(connection: Connection, owner: str, now: float) -> int:
    """Make due what an earlier run of this owner was sending when it died."""
    released = connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.state == State.SENDING.value, OUTBOX.c.owner == owner)
        .values(state=State.WAITING.value, owner=None, next_attempt_at=now)
    )
    return released.rowcount


def unaddressed(connection: Connection, keys: Collection[str]) -> list[str]:
    """Give the notifications that wait for services which are configured no more."""
    query = (
        sa.select(OUTBOX.c.notification_id)
        .where(OUTBOX.c.state.in_(OPEN), OUTBOX.c.service_key.not_in(list(keys)))
        .distinct()
    )
    return list(connection.execute(query).scalars())


def addressed_to(connection: Connection, notification_id: str) -> set[str]:
    """Give the services that a notification is addressed to."""
    query = sa.select(OUTBOX.c.service_key)
    query = query.where(OUTBOX.c.notification_id == notification_id)
    return set(connection.execute(query).scalars())


def summary(connection: Connection) -> list[Row[Any]]:
    """Count the rows of each service in each state; ``reason`` is the last one."""
    newest = sa.func.max(OUTBOX.c.id).label("newest")
    groups = (
        sa.select(
            OUTBOX.c.service_key,
            OUTBOX.c.state,
            sa.func.count().label("alerts"),
            sa.func.min(OUTBOX.c.created_at).label("oldest_at"),
            newest,
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
        OUTBOX.c.last_reason.label("reason"),
    ).join_from(groups, OUTBOX, OUTBOX.c.id == groups.c.newest)
    return list(connection.execute(query.order_by(OUTBOX.c.service_label)))


def expire(connection: Connection, created_before: float, now: float) -> int:
    """Give up what no worker gave up: rows of services that are gone."""
    expired = connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.state == State.WAITING.value)
        .where(OUTBOX.c.created_at < created_before)
        .values(state=State.DEAD.value, finished_at=now)
    )
    return expired.rowcount
