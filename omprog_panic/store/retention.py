"""Deletes what is too old or too much, never what still has to be delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.clock import rfc3339
from omprog_panic.store.cause_commands import prune_commands
from omprog_panic.store.decisions import delete_decisions, prune_decisions
from omprog_panic.store.dialect import dialect_of
from omprog_panic.store.outbox import OPEN, OutboxState
from omprog_panic.store.policy_store import prune_log
from omprog_panic.store.schema import (
    BOOTS,
    INCIDENTS,
    NOTIFICATION_LOG,
    NOTIFICATIONS,
    OUTBOX,
    TRACES,
)
from omprog_panic.store.silences import prune_silences
from omprog_panic.store.threads import prune_threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from sqlalchemy.engine import Connection

    class RetentionLimits(Protocol):
        """How much is kept."""

        @property
        def incidents_days(self) -> float: ...
        @property
        def outbox_days(self) -> float: ...
        @property
        def max_mb(self) -> float: ...


DAY_S = 86400.0
MB = 1_000_000


def prune(
    connection: Connection, limits: RetentionLimits, now: float, batch: int
) -> int:
    """Delete what is beyond the limits, at most ``batch`` rows of a sort.

    Return the number of deleted incidents. An incident stays while a delivery of it is
    pending, and if every service that should have had it was given up.
    """
    outbox_limit = now - limits.outbox_days * DAY_S
    _prune_notifications(connection, outbox_limit, batch)
    _prune_attempts(connection, outbox_limit, batch)
    prune_decisions(connection, outbox_limit, batch)
    prune_log(connection)
    prune_silences(connection, now)
    prune_commands(connection, now)
    oldest = now - limits.incidents_days * DAY_S
    prune_threads(connection, outbox_limit, oldest)
    ids = _deletable(connection, INCIDENTS.c.received_at < oldest, batch)
    excess_bytes = used_bytes(connection) - limits.max_mb * MB
    if not ids and excess_bytes > 0:
        candidates = _deletable(connection, sa.true(), batch)
        ids = _first_of(connection, candidates, excess_bytes)
    delete_incidents(connection, ids)
    connection.execute(sa.delete(BOOTS).where(BOOTS.c.at < rfc3339(oldest)))
    return len(ids)


def is_undelivered(connection: Connection, incident_id: str) -> bool:
    """Return whether a delivery of this incident is pending, or all were given up."""
    where = INCIDENTS.c.id == incident_id
    return not _deletable(connection, where, 1)


def delete_incidents(connection: Connection, ids: Sequence[str]) -> None:
    """Delete incidents with their traces, notifications, attempts and decisions."""
    if not ids:
        return
    query = sa.select(NOTIFICATIONS.c.id).where(NOTIFICATIONS.c.incident_id.in_(ids))
    _delete_notifications(connection, list(connection.execute(query).scalars()))
    delete_decisions(connection, ids)
    connection.execute(sa.delete(TRACES).where(TRACES.c.incident_id.in_(ids)))
    connection.execute(sa.delete(INCIDENTS).where(INCIDENTS.c.id.in_(ids)))


def used_bytes(connection: Connection) -> int:
    """Return the bytes that the data take up, free space not included."""
    return dialect_of(connection).used_bytes(connection)


def _deletable(
    connection: Connection, where: sa.ColumnElement[bool], limit: int
) -> list[str]:
    mine = NOTIFICATIONS.c.incident_id == INCIDENTS.c.id
    rows = sa.select(OUTBOX.c.id).where(
        OUTBOX.c.notification_id == NOTIFICATIONS.c.id, mine
    )
    pending = rows.where(OUTBOX.c.state.in_(OPEN))
    dead = rows.where(OUTBOX.c.state == OutboxState.DEAD.value)
    sent = rows.where(OUTBOX.c.state == OutboxState.SENT.value)
    query = (
        sa.select(INCIDENTS.c.id)
        .where(where)
        .where(sa.not_(pending.exists()))
        .where(sa.or_(sa.not_(dead.exists()), sent.exists()))
        .order_by(INCIDENTS.c.received_at)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _first_of(
    connection: Connection, ids: Sequence[str], enough_bytes: float
) -> list[str]:
    """Return the first ids whose traces together have so many bytes; at least one."""
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


def _prune_notifications(connection: Connection, before: float, batch: int) -> None:
    """Delete old ones that belong to no incident and are not pending."""
    pending = sa.select(OUTBOX.c.id).where(
        OUTBOX.c.notification_id == NOTIFICATIONS.c.id, OUTBOX.c.state.in_(OPEN)
    )
    query = (
        sa.select(NOTIFICATIONS.c.id)
        .where(
            NOTIFICATIONS.c.created_at < before,
            NOTIFICATIONS.c.incident_id.is_(None),
            sa.not_(pending.exists()),
        )
        .limit(batch)
    )
    _delete_notifications(connection, list(connection.execute(query).scalars()))


def _prune_attempts(connection: Connection, before: float, batch: int) -> None:
    query = (
        sa.select(NOTIFICATION_LOG.c.id)
        .join_from(NOTIFICATION_LOG, OUTBOX)
        .where(NOTIFICATION_LOG.c.at < before, OUTBOX.c.state.not_in(OPEN))
        .limit(batch)
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
