"""Silences, as people add and end them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.store.schema import SILENCES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

MAX_SILENCES = 1000  # that have not ended
KEPT_S = 30 * 86400.0  # for so long an ended silence is listed
MAX_FOUND = 5  # ids that begin alike
MATCHERS_VERSION = 1
EVERY_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class StoredSilence:
    """One silence; times are wall times."""

    id: str
    match: dict[str, list[str]]
    author: str
    comment: str
    starts_at: float
    ends_at: float
    revision: int = 0
    every: tuple[str, ...] = ()  # when it comes again; empty: it does not


def add_silence(connection: Connection, silence: StoredSilence) -> None:
    """Store a new silence."""
    revision = _next_revision(connection)
    connection.execute(
        sa.insert(SILENCES).values(
            id=silence.id,
            matchers=matchers_to_json(silence.match),
            author=silence.author,
            comment=silence.comment,
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
            revision=revision,
            every=every_to_json(silence.every) if silence.every else None,
        )
    )


def prune_silences(connection: Connection, now: float) -> None:
    """Delete the silences that ended long ago, but the newest: the numbers go on."""
    newest = sa.select(sa.func.max(SILENCES.c.revision)).scalar_subquery()
    old = sa.and_(SILENCES.c.ends_at < now - KEPT_S, SILENCES.c.revision != newest)
    connection.execute(sa.delete(SILENCES).where(old))


def end_silence(connection: Connection, silence_id: str, now: float) -> bool:
    """End a silence now; False: it has ended already."""
    ended = connection.execute(
        sa.update(SILENCES)
        .where(SILENCES.c.id == silence_id, SILENCES.c.ends_at > now)
        .values(ends_at=now, revision=_next_revision(connection))
    )
    return ended.rowcount == 1


def list_silences(connection: Connection, after: float) -> list[StoredSilence]:
    """Return the silences that end after this time, in the order of their ends."""
    query = sa.select(SILENCES).where(SILENCES.c.ends_at > after)
    rows = connection.execute(query.order_by(SILENCES.c.ends_at, SILENCES.c.id))
    return [_silence(row) for row in rows]


def changed_silences(connection: Connection, revision: int) -> list[StoredSilence]:
    """Return the silences that were changed after this revision."""
    query = sa.select(SILENCES).where(SILENCES.c.revision > revision)
    return [_silence(row) for row in connection.execute(query.order_by(SILENCES.c.id))]


def find_silences(connection: Connection, prefix: str) -> list[str]:
    """Return the ids that begin with these characters, at most ``MAX_FOUND``."""
    query = sa.select(SILENCES.c.id).where(
        SILENCES.c.id.startswith(prefix, autoescape=True)
    )
    return list(
        connection.execute(query.order_by(SILENCES.c.id).limit(MAX_FOUND)).scalars()
    )


def count_open(connection: Connection, now: float) -> int:
    """Return how many silences have not ended."""
    query = sa.select(sa.func.count()).select_from(SILENCES)
    return int(connection.execute(query.where(SILENCES.c.ends_at > now)).scalar_one())


def _next_revision(connection: Connection) -> int:
    newest = connection.execute(sa.select(sa.func.max(SILENCES.c.revision))).scalar()
    return int(newest or 0) + 1


def matchers_to_json(match: Mapping[str, Sequence[str]]) -> str:
    """Return the column ``matchers``; ``matchers_from_json`` reads it."""
    patterns = {label: list(values) for label, values in match.items()}
    return json.dumps({"version": MATCHERS_VERSION, "match": patterns})


def matchers_from_json(text: str) -> dict[str, list[str]]:
    """Parse the column ``matchers``.

    Raises:
        ValueError: this program cannot read it.

    """
    body = json.loads(text)
    if body.get("version") != MATCHERS_VERSION:
        raise ValueError(f"matchers of a silence: unknown form: {text[:100]}")
    return {label: list(values) for label, values in body["match"].items()}


def every_to_json(every: Sequence[str]) -> str:
    """Return the column ``every``; ``every_from_json`` reads it."""
    return json.dumps({"version": EVERY_VERSION, "spans": list(every)})


def every_from_json(text: str) -> tuple[str, ...]:
    """Parse the column ``every``.

    Raises:
        ValueError: this program cannot read it.

    """
    body = json.loads(text)
    if body.get("version") != EVERY_VERSION:
        raise ValueError(f"times of a silence: unknown form: {text[:100]}")
    return tuple(body["spans"])


def _silence(row: Row[tuple[object, ...]]) -> StoredSilence:
    return StoredSilence(
        id=row.id,
        match=matchers_from_json(row.matchers),
        author=row.author,
        comment=row.comment,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        revision=row.revision,
        every=() if row.every is None else every_from_json(row.every),
    )
