"""Forgets what is old or too much, never what somebody still has to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.clock import rfc3339
from omprog_panic.store.decisions import delete_decisions, forget_decisions
from omprog_panic.store.outbox import OPEN, State
from omprog_panic.store.schema import (
    BOOTS,
    INCIDENTS,
    NOTIFICATION_LOG,
    NOTIFICATIONS,
    OUTBOX,
    TRACES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from sqlalchemy.engine import Connection

    class Keep(Protocol):
        """How much is kept."""

        @property
        def incidents_days(self) -> float: ...
        @property
        def outbox_days(self) -> float: ...
        @property
        def max_mb(self) -> float: ...


DAY_S = 86400.0
MB = 1_000_000


def forget(connection: Connection, keep: Keep, now: float, limit: int) -> int:
    """Delete at most ``limit`` incidents and as many other notices; tell how many.

    An incident stays whose alert is waiting, being sent, or that nobody took before
    it was given up. So does everything while nothing is too old or too much.
    """
    old = NOTIFICATIONS.c.created_at < now - keep.outbox_days * DAY_S
    _forget_notices(connection, old, limit)
    _forget_attempts(connection, now - keep.outbox_days * DAY_S, limit)
    forget_decisions(connection, now - keep.outbox_days * DAY_S, limit)
    oldest = now - keep.incidents_days * DAY_S
    doomed = _deletable(connection, INCIDENTS.c.received_at < oldest, limit)
    too_much = used_bytes(connection) - keep.max_mb * MB
    if not doomed and too_much > 0:
        doomed = _first_of(
            connection, _deletable(connection, sa.true(), limit), too_much
        )
    delete_incidents(connection, doomed)
    connection.execute(sa.delete(BOOTS).where(BOOTS.c.at < rfc3339(oldest)))
    return len(doomed)


def undelivered(connection: Connection, incident_id: str) -> bool:
    """Return whether somebody still has to be told of this incident."""
    where = INCIDENTS.c.id == incident_id
    return not _deletable(connection, where, 1)


def delete_incidents(connection: Connection, ids: Sequence[str]) -> None:
    """Delete incidents with their traces, notifications and attempts."""
    if not ids:
        return
    told = sa.select(NOTIFICATIONS.c.id).where(NOTIFICATIONS.c.incident_id.in_(ids))
    _delete_notifications(connection, list(connection.execute(told).scalars()))
    delete_decisions(connection, ids)
    connection.execute(sa.delete(TRACES).where(TRACES.c.incident_id.in_(ids)))
    connection.execute(sa.delete(INCIDENTS).where(INCIDENTS.c.id.in_(ids)))


def used_bytes(connection: Connection) -> int:
    """Return the bytes of the database in use; 0 where it does not tell."""
    if connection.dialect.name != "sqlite":
        return 0
    pages, free, size = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0)
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _deletable(
    connection: Connection, where: sa.ColumnElement[bool], limit: int
) -> list[str]:
    mine = NOTIFICATIONS.c.incident_id == INCIDENTS.c.id
    rows = sa.select(OUTBOX.c.id).where(
        OUTBOX.c.notification_id == NOTIFICATIONS.c.id, mine
    )
    waiting = rows.where(OUTBOX.c.state.in_(OPEN))
    dead = rows.where(OUTBOX.c.state == State.DEAD.value)
    sent = rows.where(OUTBOX.c.state == State.SENT.value)
    query = (
        sa.select(INCIDENTS.c.id)
        .where(where)
        .where(sa.not_(waiting.exists()))
        .where(sa.or_(sa.not_(dead.exists()), sent.exists()))
        .order_by(INCIDENTS.c.received_at)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _first_of(
    connection: Connection, ids: Sequence[str], enough_bytes: float
) -> list[str]:
    """Return the first of these ids whose traces together are enough, at least one."""
    length = sa.func.length(TRACES.c.spool_json)
    query = sa.select(TRACES.c.incident_id, length)
    rows = connection.execute(query.where(TRACES.c.incident_id.in_(ids)))
    sizes = {row[0]: int(row[1]) for row in rows}
    part: list[str] = []
    for id_ in ids:
        if enough_bytes <= 0:
            break
        part.append(id_)
        enough_bytes -= sizes.get(id_, 0)
    return part


def _forget_notices(
    connection: Connection, old: sa.ColumnElement[bool], limit: int
) -> None:
    waiting = sa.select(OUTBOX.c.id).where(
        OUTBOX.c.notification_id == NOTIFICATIONS.c.id, OUTBOX.c.state.in_(OPEN)
    )
    query = (
        sa.select(NOTIFICATIONS.c.id)
        .where(old, NOTIFICATIONS.c.incident_id.is_(None), sa.not_(waiting.exists()))
        .limit(limit)
    )
    _delete_notifications(connection, list(connection.execute(query).scalars()))


def _forget_attempts(connection: Connection, before: float, limit: int) -> None:
    query = (
        sa.select(NOTIFICATION_LOG.c.id)
        .join_from(NOTIFICATION_LOG, OUTBOX)
        .where(NOTIFICATION_LOG.c.at < before, OUTBOX.c.state.not_in(OPEN))
        .limit(limit)
    )
    ids = list(connection.execute(query).scalars())
    if ids:
        delete = sa.delete(NOTIFICATION_LOG)
        connection.execute(delete.where(NOTIFICATION_LOG.c.id.in_(ids)))


def _delete_notifications(connection: Connection, ids: Sequence[str]) -> None:
    if not ids:
        return
    rows = sa.select(OUTBOX.c.id).where(OUTBOX.c.notification_id.in_(ids))
    attempts = sa.delete(NOTIFICATION_LOG)
    connection.execute(attempts.where(NOTIFICATION_LOG.c.outbox_id.in_(rows)))
    connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.notification_id.in_(ids)))
    connection.execute(sa.delete(NOTIFICATIONS).where(NOTIFICATIONS.c.id.in_(ids)))
