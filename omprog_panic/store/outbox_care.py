"""The outbox as a whole: what fails, what is dead, what people ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from omprog_panic.store.outbox import ASKED_FOR, OPEN, Address, State, enqueue
from omprog_panic.store.schema import INCIDENTS, NOTIFICATIONS, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

MAX_AHEAD_S = 60.0  # clocks of several monitors differ a little
UNDELIVERED = "undelivered"  # the kind of notice that tells of dead rows


def summary(connection: Connection) -> list[Row[Any]]:
    """Count the rows of each service in each state.

    ``reason``: why the newest that was tried in vain is not delivered; the newest of
    all may not have been tried yet.
    """
    failed, unfinished = OUTBOX.alias("failed"), (*OPEN, State.DEAD.value)
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
    return list(connection.execute(query.order_by(OUTBOX.c.service_label)))


def expire(
    connection: Connection, served: Collection[str], created_before: float, now: float
) -> int:
    """Give up what no worker gives up: rows of services that are gone.

    What another service took, perhaps in its place, is no loss and not counted.
    """
    mine = (
        OUTBOX.c.state == State.WAITING.value,
        OUTBOX.c.service_key.not_in(list(served)),
        OUTBOX.c.created_at < created_before,
    )
    other = OUTBOX.alias("other")
    taken = sa.select(other.c.id).where(
        other.c.notification_id == OUTBOX.c.notification_id,
        other.c.state == State.SENT.value,
    )
    connection.execute(
        sa.update(OUTBOX)
        .where(*mine, taken.exists())
        .values(state=State.DROPPED.value, finished_at=now, death_told=True)
    )
    why = sa.func.coalesce(OUTBOX.c.last_reason, "its service is configured no more")
    expired = connection.execute(
        sa.update(OUTBOX)
        .where(*mine)
        .values(state=State.DEAD.value, finished_at=now, last_reason=why)
    )
    return expired.rowcount


def mend_times(connection: Connection, now: float) -> None:
    """Let rows from the future begin now: the clock was wrong when they were made."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.state.in_(OPEN), OUTBOX.c.created_at > now + MAX_AHEAD_S)
        .values(created_at=now)
    )


def untaken(
    connection: Connection,
    keys: Collection[str],
    others: Collection[str],
    created_before: float,
) -> list[Row[Any]]:
    """Return the notifications that none of these services has taken so long.

    Those that one of ``others`` is told already are left out. Each comes with the
    label of a service that failed and the order key.
    """
    first, second = OUTBOX.alias("first"), OUTBOX.alias("second")
    same = first.c.notification_id == OUTBOX.c.notification_id
    taken = sa.select(first.c.id).where(
        same, first.c.service_key.in_(list(keys)), first.c.state == State.SENT.value
    )
    same = second.c.notification_id == OUTBOX.c.notification_id
    told = sa.select(second.c.id).where(same, second.c.service_key.in_(list(others)))
    query = (
        sa.select(
            OUTBOX.c.notification_id,
            sa.func.min(OUTBOX.c.service_label).label("failed"),
            sa.func.max(OUTBOX.c.order_key).label("order_key"),
        )
        .where(
            OUTBOX.c.service_key.in_(list(keys)),
            OUTBOX.c.state.in_(OPEN),
            OUTBOX.c.created_at <= created_before,
            sa.not_(taken.exists()),
            sa.not_(told.exists()),
        )
        .group_by(OUTBOX.c.notification_id)
        .order_by(sa.func.min(OUTBOX.c.id))
    )
    return list(connection.execute(query))


def untold_deaths(connection: Connection) -> list[Row[Any]]:
    """Return the dead rows that no other service knows of, oldest first."""
    query = (
        sa.select(
            OUTBOX.c.id,
            OUTBOX.c.service_key,
            OUTBOX.c.service_label,
            OUTBOX.c.last_reason,
            OUTBOX.c.finished_at,
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
            OUTBOX.c.state == State.DEAD.value,
            sa.not_(OUTBOX.c.death_told),
            # A notice that is dead itself gives no further one: that would not end.
            NOTIFICATIONS.c.kind != UNDELIVERED,
        )
        .order_by(OUTBOX.c.id)
    )
    return list(connection.execute(query))


def note_deaths_told(connection: Connection, ids: Sequence[int]) -> None:
    """Remember that others know of these dead rows."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == sa.bindparam("row"))
        .values(death_told=True),
        [{"row": row_id} for row_id in ids],
    )


def list_rows(
    connection: Connection, states: Collection[str], limit: int
) -> list[Row[Any]]:
    """Return rows in these states with what they are about, oldest first."""
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
        .where(OUTBOX.c.state.in_(list(states)))
        .order_by(OUTBOX.c.id)
        .limit(limit)
    )
    return list(connection.execute(query))


def retry(connection: Connection, ids: Sequence[int] | None, now: float) -> int:
    """Make waiting and dead rows due at once, with their whole time before them.

    None means all of them. Rows that are being sent are left alone.
    """
    update = sa.update(OUTBOX).where(
        OUTBOX.c.state.in_([State.WAITING.value, State.DEAD.value])
    )
    if ids is not None:
        update = update.where(OUTBOX.c.id.in_(list(ids)))
    done = connection.execute(
        update.values(
            state=State.WAITING.value,
            next_attempt_at=ASKED_FOR,
            created_at=now,
            finished_at=None,
            passed=False,
            death_told=False,
        )
    )
    return done.rowcount


def drop(connection: Connection, ids: Sequence[int] | None, now: float) -> int:
    """Return rows up for good; None means all dead ones. Their history stays."""
    update = sa.update(OUTBOX)
    if ids is None:
        update = update.where(OUTBOX.c.state == State.DEAD.value)
    else:
        update = update.where(
            OUTBOX.c.id.in_(list(ids)),
            OUTBOX.c.state.in_([State.WAITING.value, State.DEAD.value]),
        )
    done = connection.execute(
        update.values(
            state=State.DROPPED.value, owner=None, finished_at=now, death_told=True
        )
    )
    return done.rowcount


def resend(
    connection: Connection, notification_id: str, labels: Mapping[str, str], now: float
) -> int:
    """Send a notification (again) to services, given as key and label.

    Gives to how many it goes, those included to which it is being sent right now.
    """
    told = sa.select(OUTBOX.c.service_key, OUTBOX.c.order_key, OUTBOX.c.state).where(
        OUTBOX.c.notification_id == notification_id
    )
    rows = {row.service_key: row for row in connection.execute(told)}
    order_key = next((row.order_key for row in rows.values()), None)
    new = [key for key in labels if key not in rows]
    enqueue(
        connection,
        [Address(notification_id, key, labels[key], order_key) for key in new],
        now,
        due_at=ASKED_FOR,
    )
    again = connection.execute(
        sa.update(OUTBOX)
        .where(
            OUTBOX.c.notification_id == notification_id,
            OUTBOX.c.service_key.in_(list(labels)),
            OUTBOX.c.state != State.SENDING.value,
            OUTBOX.c.service_key.not_in(new),
        )
        .values(
            state=State.WAITING.value,
            next_attempt_at=ASKED_FOR,
            created_at=now,
            finished_at=None,
            passed=False,
            death_told=False,
        )
    )
    sending = [
        key
        for key, row in rows.items()
        if key in labels and row.state == State.SENDING.value
    ]
    return len(new) + again.rowcount + len(sending)
