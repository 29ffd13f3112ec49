"""What is still to be said to whom: one row for each notification and service.

waiting -> sending (leased) -> sent, or back to waiting, or dead at the end of
``retry_for_s``. Sending happens outside any transaction; a lease that ran out, or
whose owner started anew, is due again: at least once. A row waits for the older open
ones of its order key (its host) at the same service, unless these are ``passed``.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from omprog_panic.store.schema import NOTIFICATIONS, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy.engine import Connection


class State(enum.Enum):
    """Of an outbox row; the values are in the database."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"  # given up; status shows it
    DROPPED = "dropped"  # given up by an administrator


# ``next_attempt_at`` of what a person asked for: it goes first, and also while the
# service is left alone after failures.
ASKED_FOR = 0.0
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
    order_key: str | None = None
    passed: bool = False
    stands_in_for: str | None = None


class Address(NamedTuple):
    """One service that one notification goes to."""

    notification_id: str
    service_key: str
    service_label: str
    order_key: str | None = None
    stands_in_for: str | None = None


def enqueue(
    connection: Connection,
    addresses: Iterable[Address],
    now: float,
    due_at: float | None = None,
) -> None:
    """Put messages into the outbox; they are due now, or as ``ASKED_FOR``."""
    rows = [
        {
            **address._asdict(),
            "state": State.WAITING.value,
            "attempts": 0,
            "next_attempt_at": now if due_at is None else due_at,
            "created_at": now,
            "passed": False,
            "death_told": False,
        }
        for address in addresses
    ]
    if rows:
        connection.execute(sa.insert(OUTBOX), rows)


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """On what terms a row is taken."""

    owner: str
    seconds: float  # longer than the delivery timeout
    horizon_s: float  # no row is ever due later than this: if so, the clock fell back


_ELDER = OUTBOX.alias("elder")


def _free(but: int | None = None) -> sa.ColumnElement[bool]:
    """Hold for rows that need not wait for an older one of their host."""
    elder = sa.select(_ELDER.c.id).where(
        _ELDER.c.service_key == OUTBOX.c.service_key,
        _ELDER.c.order_key == OUTBOX.c.order_key,
        _ELDER.c.state.in_(OPEN),
        _ELDER.c.id < OUTBOX.c.id,
        sa.not_(_ELDER.c.passed),
    )
    if but is not None:
        elder = elder.where(_ELDER.c.id != but)
    return sa.not_(elder.exists())


def claim(
    connection: Connection,
    service_key: str,
    lease: Lease,
    now: float,
    past: OutboxRow | None = None,
) -> OutboxRow | None:
    """Take the row of this service that is due longest, if one is due.

    With ``past`` only the next one of the same host that may overtake that row.
    """
    due = sa.or_(
        OUTBOX.c.next_attempt_at <= now,
        OUTBOX.c.next_attempt_at > now + lease.horizon_s,
    )
    query = (
        sa.select(OUTBOX, NOTIFICATIONS.c.kind, NOTIFICATIONS.c.incident_id)
        .join_from(OUTBOX, NOTIFICATIONS)
        .where(OUTBOX.c.service_key == service_key, OUTBOX.c.state.in_(OPEN), due)
        .where(_free(None if past is None else past.id))
        .order_by(OUTBOX.c.next_attempt_at, OUTBOX.c.id)
        .limit(1)
    )
    if past is not None:
        query = query.where(OUTBOX.c.order_key == past.order_key, OUTBOX.c.id > past.id)
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
        order_key=row.order_key,
        passed=bool(row.passed),
        stands_in_for=row.stands_in_for,
    )


def next_due(connection: Connection, service_key: str) -> float | None:
    """When the next row of this service is due; None when it has none open."""
    query = sa.select(sa.func.min(OUTBOX.c.next_attempt_at)).where(
        OUTBOX.c.service_key == service_key, OUTBOX.c.state.in_(OPEN), _free()
    )
    found = connection.execute(query).scalar()
    return None if found is None else float(found)


def is_there(connection: Connection, row_id: int) -> bool:
    """Return whether a row still exists: its incident may have been deleted."""
    query = sa.select(OUTBOX.c.id).where(OUTBOX.c.id == row_id)
    return connection.execute(query).first() is not None


def finish(connection: Connection, row_id: int, state: State, now: float) -> None:
    """Close a row: sent, or given up (then ``defer`` has left the reason)."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == row_id)
        .values(state=state.value, owner=None, finished_at=now)
    )


def defer(connection: Connection, row_id: int, until: float, reason: str) -> None:
    """Return the lease back: try again at ``until``."""
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


def let_pass(connection: Connection, row_id: int) -> None:
    """Let later rows of the same host go before this one from now on."""
    connection.execute(
        sa.update(OUTBOX).where(OUTBOX.c.id == row_id).values(passed=True)
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


def unaddressed(connection: Connection, keys: Collection[str]) -> dict[str, list[str]]:
    """Return the notifications that wait for services which are configured no more.

    By their ids, with the labels of these services.
    """
    query = (
        sa.select(OUTBOX.c.notification_id, OUTBOX.c.service_label)
        .where(OUTBOX.c.state.in_(OPEN), OUTBOX.c.service_key.not_in(list(keys)))
        .order_by(OUTBOX.c.id)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.notification_id, []).append(row.service_label)
    return found


def addressed_to(connection: Connection, notification_id: str) -> dict[str, str | None]:
    """Return the services that a notification is addressed to, with its order key."""
    query = sa.select(OUTBOX.c.service_key, OUTBOX.c.order_key)
    query = query.where(OUTBOX.c.notification_id == notification_id)
    return {row.service_key: row.order_key for row in connection.execute(query)}
