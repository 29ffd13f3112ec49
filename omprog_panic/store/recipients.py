"""Which services a notification goes to, and which it has not reached."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.outbox import OPEN, OutboxState
from omprog_panic.store.schema import OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class OverdueNotification:
    """A notification that no service of a group accepted in time."""

    notification_id: str
    failed: str  # the label of one of the services
    order_key: str | None


def orphaned(connection: Connection, keys: Collection[str]) -> dict[str, list[str]]:
    """Return the notifications that wait for services which are not among ``keys``.

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


def recipients_of(
    connection: Connection, notification_id: str
) -> dict[str, str | None]:
    """Return the keys of the services that a notification goes to, with order keys."""
    query = sa.select(OUTBOX.c.service_key, OUTBOX.c.order_key)
    query = query.where(OUTBOX.c.notification_id == notification_id)
    return {row.service_key: row.order_key for row in connection.execute(query)}


def labels_taken(connection: Connection, notification_id: str) -> set[str]:
    """Return the labels of the services that took a notification."""
    query = sa.select(OUTBOX.c.service_label).where(
        OUTBOX.c.notification_id == notification_id,
        OUTBOX.c.state == OutboxState.SENT.value,
    )
    return set(connection.execute(query).scalars())


def overdue(
    connection: Connection,
    keys: Collection[str],
    others: Collection[str],
    created_before: float,
) -> list[OverdueNotification]:
    """Return the notifications that none of the services ``keys`` accepted in time.

    Without those that go to one of ``others`` already.
    """
    first, second = OUTBOX.alias("first"), OUTBOX.alias("second")
    taken = _rows_of_it(first, keys).where(first.c.state == OutboxState.SENT.value)
    passed_on = _rows_of_it(second, others)
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
            sa.not_(passed_on.exists()),
        )
        .group_by(OUTBOX.c.notification_id)
        .order_by(sa.func.min(OUTBOX.c.id))
    )
    return [
        OverdueNotification(row.notification_id, row.failed, row.order_key)
        for row in connection.execute(query)
    ]


def _rows_of_it(
    rows: sa.FromClause, keys: Collection[str]
) -> sa.Select[tuple[object, ...]]:
    """Return the rows of the same notification for these services."""
    return sa.select(rows.c.id).where(
        rows.c.notification_id == OUTBOX.c.notification_id,
        rows.c.service_key.in_(list(keys)),
    )
