"""The outbox: one row for each notification and service.

waiting -> sending (leased) -> sent, or back to waiting, or dead at the end of
``retry_for_s``. Sending happens outside any transaction. A row is due again when its
lease has expired or its owner has started anew: delivery is at least once. A row waits
for the older open ones of its order key (its host) at the same service, unless these
are ``overtakable``; and for those of its sequence key always.

An attempt is in doubt when the service may have the message although no success came.
People may see each such attempt, so the waits between them grow quickly: at most ten a
day, whatever ends them.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.schema import NOTIFICATIONS, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection, Row


class OutboxState(enum.Enum):
    """Of an outbox row; the values are in the database."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"  # given up; status shows it
    DROPPED = "dropped"  # given up by an administrator, or what it opens is closed


# ``next_attempt_at`` of what a person asked for: it goes first, and also while the
# service is left alone after failures.
ASKED_FOR = 0.0
OPEN = (OutboxState.WAITING.value, OutboxState.SENDING.value)
MAX_AHEAD_S = 60.0  # by which the clocks of several monitors may differ
DOUBT_FIRST_S = 10.0  # after the first attempt in doubt; each further wait is four
DOUBT_MAX_S = 6 * 3600.0  # times as long, up to this
# A message with more attempts in doubt is not sent early because its service answers
# another one again, or because this program was started anew.
MAX_HASTY_DOUBTS = 2


def doubt_delay_s(in_doubt: int) -> float:
    """Return the wait after so many attempts in doubt.

    >>> [doubt_delay_s(n) for n in (0, 1, 2, 3, 9)]
    [0.0, 10.0, 40.0, 160.0, 21600.0]
    """
    if in_doubt < 1:
        return 0.0
    return min(DOUBT_FIRST_S * 4.0 ** min(in_doubt - 1, 32), DOUBT_MAX_S)


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
    overtakable: bool = False
    stands_in_for: str | None = None
    in_doubt: int = 0  # attempts after which it may have arrived
    first_attempt_at: float | None = None
    sequence_key: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """One service that one notification goes to."""

    notification_id: str
    service_key: str
    service_label: str
    order_key: str | None = None
    stands_in_for: str | None = None
    sequence_key: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """The terms on which a row is claimed."""

    owner: str
    seconds: float  # longer than the delivery timeout
    # No row is due later than this, unless an attempt was not long ago: if one is, the
    # clock fell back.
    horizon_s: float


def enqueue(
    connection: Connection,
    recipients: Iterable[QueuedDelivery],
    now: float,
    due_at: float | None = None,
) -> None:
    """Put messages into the outbox; they are due now, or as ``ASKED_FOR``."""
    rows = [
        {
            "notification_id": recipient.notification_id,
            "service_key": recipient.service_key,
            "service_label": recipient.service_label,
            "order_key": recipient.order_key,
            "sequence_key": recipient.sequence_key,
            "stands_in_for": recipient.stands_in_for,
            "state": OutboxState.WAITING.value,
            "attempts": 0,
            "next_attempt_at": now if due_at is None else due_at,
            "created_at": now,
            "overtakable": False,
            "reported": False,
            "in_doubt": 0,
        }
        for recipient in recipients
    ]
    if rows:
        connection.execute(sa.insert(OUTBOX), rows)


_OLDER = OUTBOX.alias("older")


def _is_first_of_its_host(ignored: int | None = None) -> sa.ColumnElement[bool]:
    """Match rows that need not wait for an older one; ``ignored`` does not count."""
    older = sa.select(_OLDER.c.id).where(
        _OLDER.c.service_key == OUTBOX.c.service_key,
        _OLDER.c.order_key == OUTBOX.c.order_key,
        _OLDER.c.state.in_(OPEN),
        _OLDER.c.id < OUTBOX.c.id,
        sa.not_(_OLDER.c.overtakable),
    )
    if ignored is not None:
        older = older.where(_OLDER.c.id != ignored)
    # Of one sequence not even a refused one is overtaken.
    before = sa.select(_OLDER.c.id).where(
        _OLDER.c.service_key == OUTBOX.c.service_key,
        _OLDER.c.sequence_key == OUTBOX.c.sequence_key,
        _OLDER.c.state.in_(OPEN),
        _OLDER.c.id < OUTBOX.c.id,
    )
    return sa.and_(sa.not_(older.exists()), sa.not_(before.exists()))


def claim(
    connection: Connection,
    service_key: str,
    lease: Lease,
    now: float,
    overtaking: OutboxRow | None = None,
) -> OutboxRow | None:
    """Lease the row of a service that has been due longest; None: none is due.

    With ``overtaking`` only the next row of the same host that may overtake that one.
    """
    row = connection.execute(due_query(service_key, lease, now, overtaking)).first()
    if row is None:
        return None
    in_doubt = row.in_doubt + (row.state == OutboxState.SENDING.value)
    first_attempt_at = now if row.first_attempt_at is None else row.first_attempt_at
    claimed = connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == row.id, OUTBOX.c.next_attempt_at == row.next_attempt_at)
        .values(
            state=OutboxState.SENDING.value,
            owner=lease.owner,
            # A lease that expires is an attempt in doubt.
            next_attempt_at=now + max(lease.seconds, doubt_delay_s(in_doubt + 1)),
            attempts=OUTBOX.c.attempts + 1,
            in_doubt=in_doubt,
            first_attempt_at=first_attempt_at,
            attempted_at=now,
        )
    )
    return _claimed_row(row, in_doubt) if claimed.rowcount == 1 else None


def due_query(
    service_key: str, lease: Lease, now: float, overtaking: OutboxRow | None
) -> sa.Select[tuple[object, ...]]:
    """Return the query for the row that ``claim`` leases."""
    fell_back = sa.or_(
        OUTBOX.c.attempted_at.is_(None), OUTBOX.c.attempted_at > now + MAX_AHEAD_S
    )
    due = sa.or_(
        OUTBOX.c.next_attempt_at <= now,
        sa.and_(OUTBOX.c.next_attempt_at > now + lease.horizon_s, fell_back),
    )
    query = (
        sa.select(OUTBOX, NOTIFICATIONS.c.kind, NOTIFICATIONS.c.incident_id)
        .join_from(OUTBOX, NOTIFICATIONS)
        .where(OUTBOX.c.service_key == service_key, OUTBOX.c.state.in_(OPEN), due)
        .where(_is_first_of_its_host(None if overtaking is None else overtaking.id))
        .order_by(OUTBOX.c.next_attempt_at, OUTBOX.c.id)
        .limit(1)
        # Engines with several writers at a time: skip what another one is claiming.
        .with_for_update(of=OUTBOX, skip_locked=True)
    )
    if overtaking is None:
        return query
    return query.where(
        OUTBOX.c.order_key == overtaking.order_key, OUTBOX.c.id > overtaking.id
    )


def _claimed_row(row: Row[tuple[object, ...]], in_doubt: int) -> OutboxRow:
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
        overtakable=bool(row.overtakable),
        stands_in_for=row.stands_in_for,
        in_doubt=in_doubt,
        first_attempt_at=row.first_attempt_at,
        sequence_key=row.sequence_key,
    )


def next_due(connection: Connection, service_key: str) -> float | None:
    """Return when the next row of a service is due; None: it has no open one."""
    query = sa.select(sa.func.min(OUTBOX.c.next_attempt_at)).where(
        OUTBOX.c.service_key == service_key,
        OUTBOX.c.state.in_(OPEN),
        _is_first_of_its_host(),
    )
    found = connection.execute(query).scalar()
    return None if found is None else float(found)


def row_exists(connection: Connection, row_id: int) -> bool:
    """Return whether a row still exists: its incident may have been deleted."""
    query = sa.select(OUTBOX.c.id).where(OUTBOX.c.id == row_id)
    return connection.execute(query).first() is not None


def finish(connection: Connection, row_id: int, state: OutboxState, now: float) -> None:
    """Close a row: sent, or given up (then ``defer`` has stored the reason)."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == row_id)
        .values(state=state.value, owner=None, finished_at=now)
    )


def defer(
    connection: Connection,
    row_id: int,
    until: float,
    reason: str,
    *,
    in_doubt: bool = False,
) -> None:
    """Give the lease back: the row is due again at ``until``."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == row_id)
        .values(
            state=OutboxState.WAITING.value,
            owner=None,
            next_attempt_at=until,
            last_reason=reason,
            in_doubt=OUTBOX.c.in_doubt + int(in_doubt),
        )
    )


def make_overtakable(connection: Connection, row_id: int) -> None:
    """Let later rows of the same host go before this one from now on."""
    connection.execute(
        sa.update(OUTBOX).where(OUTBOX.c.id == row_id).values(overtakable=True)
    )


def make_due(connection: Connection, service_key: str, now: float) -> None:
    """Make the waiting rows of a service due now: it answers again.

    Not those of which several copies may have arrived: their reason is the message.
    """
    connection.execute(
        sa.update(OUTBOX)
        .where(
            OUTBOX.c.service_key == service_key,
            OUTBOX.c.state == OutboxState.WAITING.value,
            OUTBOX.c.next_attempt_at > now,
            OUTBOX.c.in_doubt <= MAX_HASTY_DOUBTS,
        )
        .values(next_attempt_at=now)
    )


def pending_incidents(connection: Connection, limit: int) -> list[str]:
    """Return the ids of incidents that some service did not accept yet."""
    query = (
        sa.select(NOTIFICATIONS.c.incident_id)
        .join_from(OUTBOX, NOTIFICATIONS)
        .where(OUTBOX.c.state.in_(OPEN), NOTIFICATIONS.c.incident_id.is_not(None))
        .distinct()
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def release_leases(connection: Connection, owner: str, now: float) -> int:
    """Make due what an earlier run of this owner was sending; return how many rows.

    A run that ends at each attempt must not send a copy at each start: what was
    interrupted several times waits longer.
    """
    interrupted = sa.and_(
        OUTBOX.c.state == OutboxState.SENDING.value, OUTBOX.c.owner == owner
    )
    query = sa.select(OUTBOX.c.id, OUTBOX.c.in_doubt).where(interrupted)
    rows = connection.execute(query).all()
    for row in rows:
        in_doubt = row.in_doubt + 1
        wait_s = doubt_delay_s(in_doubt) if in_doubt > MAX_HASTY_DOUBTS else 0.0
        connection.execute(
            sa.update(OUTBOX)
            .where(OUTBOX.c.id == row.id)
            .values(
                state=OutboxState.WAITING.value,
                owner=None,
                next_attempt_at=now + wait_s,
                in_doubt=in_doubt,
            )
        )
    return len(rows)


def correct_future_times(connection: Connection, now: float) -> None:
    """Date rows from the future to now: the clock was wrong when they were made."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.state.in_(OPEN), OUTBOX.c.created_at > now + MAX_AHEAD_S)
        .values(created_at=now)
    )
