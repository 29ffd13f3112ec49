"""Things of which only the last one counts, by name: text of their writer's codec."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from omprog_panic.store.dialect import dialect_of
from omprog_panic.store.schema import LATEST

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class LatestEntry(NamedTuple):
    """The last content under a name, and when it was received (Unix seconds)."""

    content: str
    received_at: float


def load_latest(connection: Connection, name: str) -> LatestEntry | None:
    """Return the last content under a name; None: there is none."""
    query = sa.select(LATEST.c.record, LATEST.c.received_at)
    row = connection.execute(query.where(LATEST.c.name == name)).first()
    return None if row is None else LatestEntry(row.record, row.received_at)


def store_latest(
    connection: Connection, name: str, content: str, received_at: float
) -> None:
    """Replace the content under a name."""
    values = {"name": name, "record": content, "received_at": received_at}
    connection.execute(dialect_of(connection).upsert(LATEST), values)
