"""The memory of the policy and its log, as texts that ``policy/`` encodes.

The store does not look into them: their codecs, with a version in each, are the
policy's.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from omprog_panic.store.dialect import dialect_of
from omprog_panic.store.schema import POLICY_LOG, POLICY_STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

MAX_IN_QUERY = 500
MAX_LOG_BYTES = 64_000_000  # older entries are deleted


class StateRow(NamedTuple):
    """One row of the memory; ``content`` None: it is deleted."""

    part: str
    name: str
    content: str | None


class LogKind(enum.Enum):
    """Of a log entry; the values are in the database."""

    STATE = "state"  # the whole memory
    EVALUATION = "evaluation"  # what was evaluated, and when


class LogEntry(NamedTuple):
    """One entry of the log."""

    kind: LogKind
    content: str


def load_state(connection: Connection, part: str | None = None) -> list[StateRow]:
    """Return the rows of the policy's memory; ``part`` None: of every table of it."""
    query = sa.select(POLICY_STATE)
    if part is not None:
        query = query.where(POLICY_STATE.c.part == part)
    rows = connection.execute(query)
    return [StateRow(row.part, row.name, row.content) for row in rows]


def store_state(connection: Connection, changes: Sequence[StateRow]) -> None:
    """Insert, replace or delete rows; each one at most once."""
    gone: dict[str, list[str]] = {}
    for row in changes:
        if row.content is None:
            gone.setdefault(row.part, []).append(row.name)
    for part, names in gone.items():
        for start in range(0, len(names), MAX_IN_QUERY):
            some = names[start : start + MAX_IN_QUERY]
            connection.execute(
                sa.delete(POLICY_STATE).where(
                    POLICY_STATE.c.part == part, POLICY_STATE.c.name.in_(some)
                )
            )
    values = [
        {"part": row.part, "name": row.name, "content": row.content}
        for row in changes
        if row.content is not None
    ]
    if values:
        connection.execute(dialect_of(connection).upsert(POLICY_STATE), values)


def append_log(connection: Connection, at: float, kind: LogKind, content: str) -> None:
    """Append to the log of the policy."""
    values = {"at": at, "kind": kind.value, "content": content}
    connection.execute(sa.insert(POLICY_LOG).values(values))


def load_log(connection: Connection) -> list[LogEntry]:
    """Return the whole log of the policy."""
    query = sa.select(POLICY_LOG.c.kind, POLICY_LOG.c.content)
    rows = connection.execute(query.order_by(POLICY_LOG.c.id))
    return [LogEntry(LogKind(row.kind), row.content) for row in rows]


def prune_log(connection: Connection) -> None:
    """Keep the newest MAX_LOG_BYTES of the log, from a ``STATE`` on.

    A log without its beginning can only be replayed from a state on.
    """
    states = sa.select(POLICY_LOG.c.id).where(POLICY_LOG.c.kind == LogKind.STATE.value)
    newest_first = states.order_by(POLICY_LOG.c.id.desc())
    ids = list(connection.execute(newest_first).scalars())
    size = sa.select(sa.func.sum(sa.func.length(POLICY_LOG.c.content)))
    begin = None
    for id_ in ids:
        total = connection.execute(size.where(POLICY_LOG.c.id >= id_)).scalar()
        if begin is not None and int(total or 0) > MAX_LOG_BYTES:
            break
        begin = id_
    if begin is not None:
        connection.execute(sa.delete(POLICY_LOG).where(POLICY_LOG.c.id < begin))
