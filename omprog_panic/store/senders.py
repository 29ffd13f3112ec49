"""Who was heard, what they said of themselves, and their boots."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from omprog_panic.plain import visible
from omprog_panic.store.schema import BOOTS, LATEST, SENDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import DataclassInstance
    from sqlalchemy.engine import Connection, Row

    from omprog_panic.spool.record import AliveRecord, BootRecord, IncidentRecord

MAX_LISTED = 1000
_VERIFIED = "verified "  # and the sender's address: a name in LATEST


def list_senders(connection: Connection, limit: int) -> list[Row[Any]]:
    """Return the senders heard last."""
    query = sa.select(SENDERS).order_by(SENDERS.c.last_heard_at.desc())
    return list(connection.execute(query.limit(min(limit, MAX_LISTED))))


def latest(connection: Connection, name: str) -> dict[str, Any] | None:
    """Return what ``note_latest`` kept under this name."""
    query = sa.select(LATEST.c.record).where(LATEST.c.name == name)
    found = connection.execute(query).scalar()
    return None if found is None else dict(json.loads(found))


def list_refused(connection: Connection, since: float) -> list[str]:
    """Give addresses that spoke without being listed, as the collector counted last.

    None when it last counted before ``since`` (Unix seconds).
    """
    query = sa.select(LATEST.c.record).where(
        LATEST.c.name == "counters", LATEST.c.received_at >= since
    )
    found = connection.execute(query).scalar()
    return [] if found is None else list(json.loads(found).get("refused", ()))


class Sign(NamedTuple):
    """A sender was heard: at what time (RFC 3339, UTC), and what it said."""

    record: IncidentRecord | BootRecord | AliveRecord
    says: str
    at: str


def note_senders(connection: Connection, signs: Sequence[Sign]) -> None:
    """Remember that senders were heard, and what they said of themselves."""
    sources = {sign.record.source for sign in signs}
    query = sa.select(SENDERS).where(SENDERS.c.source.in_(sources))
    known = {row.source: dict(row._mapping) for row in connection.execute(query)}  # noqa: SLF001 - its public name
    old = set(known)
    for sign in signs:
        source = sign.record.source
        row = known.setdefault(source, _new_sender(source, sign.at))
        if row["last_heard_at"] <= sign.at:
            row |= {"last_heard_at": sign.at, "says": sign.says}
            for column in ("host", "kernel", "boot"):
                if (said := getattr(sign.record, column)) is not None:
                    row[column] = visible(said)
    new = [row for source, row in known.items() if source not in old]
    if new:
        connection.execute(sa.insert(SENDERS), new)
    changed = [{**row, "key": row["source"]} for s, row in known.items() if s in old]
    if changed:
        update = sa.update(SENDERS).where(SENDERS.c.source == sa.bindparam("key"))
        values: dict[str, Any] = {
            column.name: sa.bindparam(column.name)
            for column in SENDERS.c
            if column.name != "source"
        }
        connection.execute(update.values(values), changed)


def _new_sender(source: str, at: str) -> dict[str, Any]:
    unknown = dict.fromkeys(("host", "kernel", "boot", "says"))
    return {**unknown, "source": source, "first_heard_at": at, "last_heard_at": at}


def insert_boot(connection: Connection, record: BootRecord) -> bool:
    """Store a boot; False when it is known."""
    known = sa.select(BOOTS.c.id).where(BOOTS.c.id == record.id)
    if connection.execute(known).first() is not None:
        return False
    connection.execute(
        sa.insert(BOOTS).values(
            id=record.id,
            source=record.source,
            boot=visible(record.boot),
            announced=record.announced,
            at=record.at,
            record=json.dumps(dataclasses.asdict(record)),
        )
    )
    return True


def note_verified(
    connection: Connection, record: AliveRecord, received_at: float
) -> None:
    """Keep the last token that each sender has sent."""
    note_latest(connection, _VERIFIED + record.source, record, received_at)


def find_verified(connection: Connection, token: str) -> dict[str, Any] | None:
    """Return the record that brought a token; None when none did."""
    query = sa.select(LATEST.c.record).where(LATEST.c.name.startswith(_VERIFIED))
    records = (json.loads(row.record) for row in connection.execute(query))
    return next((dict(r) for r in records if r["token"] == token), None)


def note_latest(
    connection: Connection,
    name: str,
    record: DataclassInstance,
    received_at: float,
) -> None:
    """Keep the last record of a sort of which only the last counts."""
    connection.execute(sa.delete(LATEST).where(LATEST.c.name == name))
    connection.execute(
        sa.insert(LATEST).values(
            name=name,
            record=json.dumps(dataclasses.asdict(record)),
            received_at=received_at,
        )
    )
