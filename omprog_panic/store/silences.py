"""Silences, as people add and end them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from omprog_panic.store.schema import SILENCES

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

MAX_SILENCES = 1000  # that are not over
KEPT_S = 30 * 86400.0  # a silence that is over is listed so long


class StoredSilence(NamedTuple):
    """One silence; times are wall times."""

    id: str
    match: dict[str, list[str]]
    author: str
    comment: str
    starts_at: float
    ends_at: float
    revision: int = 0


def add_silence(connection: Connection, silence: StoredSilence) -> None:
    """Store a new silence; old ones that are long over are forgotten."""
    old = SILENCES.c.ends_at < silence.starts_at - KEPT_S
    revision = _next_revision(connection)
    connection.execute(sa.delete(SILENCES).where(old))
    fields = silence._replace(revision=revision)._asdict()
    matchers = json.dumps(fields.pop("match"))
    connection.execute(sa.insert(SILENCES).values(matchers=matchers, **fields))


def end_silence(connection: Connection, silence_id: str, now: float) -> bool:
    """End a silence now; False when it is over already."""
    ended = connection.execute(
        sa.update(SILENCES)
        .where(SILENCES.c.id == silence_id, SILENCES.c.ends_at > now)
        .values(ends_at=now, revision=_next_revision(connection))
    )
    return ended.rowcount == 1


def list_silences(connection: Connection, after: float) -> list[StoredSilence]:
    """Return the silences that end after this time, the next to end first."""
    query = sa.select(SILENCES).where(SILENCES.c.ends_at > after)
    rows = connection.execute(query.order_by(SILENCES.c.ends_at, SILENCES.c.id))
    return [_silence(row) for row in rows]


def changed_silences(connection: Connection, revision: int) -> list[StoredSilence]:
    """Return the silences that were changed after this revision."""
    query = sa.select(SILENCES).where(SILENCES.c.revision > revision)
    return [_silence(row) for row in connection.execute(query.order_by(SILENCES.c.id))]


def find_silences(connection: Connection, prefix: str) -> list[str]:
    """Return the ids that begin with these characters, at most a handful."""
    query = sa.select(SILENCES.c.id).where(
        SILENCES.c.id.startswith(prefix, autoescape=True)
    )
    return list(connection.execute(query.order_by(SILENCES.c.id).limit(5)).scalars())


def count_open(connection: Connection, now: float) -> int:
    """Count the silences that are not over."""
    query = sa.select(sa.func.count()).select_from(SILENCES)
    return int(connection.execute(query.where(SILENCES.c.ends_at > now)).scalar_one())


def _next_revision(connection: Connection) -> int:
    newest = connection.execute(sa.select(sa.func.max(SILENCES.c.revision))).scalar()
    return int(newest or 0) + 1


def _silence(row: Any) -> StoredSilence:  # noqa: ANN401 - a row of either SQLAlchemy
    return StoredSilence(
        id=row.id,
        match=json.loads(row.matchers),
        author=row.author,
        comment=row.comment,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        revision=row.revision,
    )
