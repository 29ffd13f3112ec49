"""What a service was last told under one key, and what its sink must remember of it.

A row is written when a message with the key was delivered. ``content`` is the sink's:
the id of the first message in a channel, or what is to be kept alive.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.schema import THREADS

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection, Row


@dataclasses.dataclass(frozen=True, slots=True)
class StoredThread:
    """One key at one service; ``outbox_id`` is the newest row that was delivered."""

    key: str
    outbox_id: int
    is_open: bool
    content: str | None  # JSON: the codec of the sink


def load_threads(
    connection: Connection, service_key: str, keys: Collection[str]
) -> list[StoredThread]:
    """Return what is known of these keys at a service."""
    if not keys:
        return []
    query = sa.select(THREADS).where(
        THREADS.c.service_key == service_key, THREADS.c.thread_key.in_(list(keys))
    )
    return [_thread(row) for row in connection.execute(query)]


def open_threads(connection: Connection, service_key: str) -> list[StoredThread]:
    """Return what is open at a service and has a content, oldest first."""
    query = sa.select(THREADS).where(
        THREADS.c.service_key == service_key,
        THREADS.c.is_open,
        THREADS.c.content.is_not(None),
    )
    rows = connection.execute(query.order_by(THREADS.c.outbox_id))
    return [_thread(row) for row in rows]


def save_thread(
    connection: Connection, service_key: str, thread: StoredThread, now: float
) -> None:
    """Store what was delivered; a newer row stays, and so does a content."""
    mine = sa.and_(
        THREADS.c.service_key == service_key, THREADS.c.thread_key == thread.key
    )
    values: dict[str, object] = {
        "outbox_id": thread.outbox_id,
        "is_open": thread.is_open,
        "updated_at": now,
    }
    if thread.content is not None:
        values["content"] = thread.content
    known = connection.execute(sa.select(THREADS.c.outbox_id).where(mine)).scalar()
    if known is None:
        place = {"service_key": service_key, "thread_key": thread.key}
        connection.execute(sa.insert(THREADS).values({**place, **values}))
    elif known <= thread.outbox_id:
        connection.execute(sa.update(THREADS).where(mine).values(values))


def prune_threads(
    connection: Connection, closed_before: float, open_before: float
) -> None:
    """Delete what was closed long ago, and what has been open for very long."""
    old = sa.or_(
        sa.and_(sa.not_(THREADS.c.is_open), THREADS.c.updated_at < closed_before),
        THREADS.c.updated_at < open_before,
    )
    connection.execute(sa.delete(THREADS).where(old))


def _thread(row: Row[tuple[object, ...]]) -> StoredThread:
    return StoredThread(row.thread_key, row.outbox_id, bool(row.is_open), row.content)
