"""Which senders were heard, what they said about themselves, and their boots."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.plain import visible
from omprog_panic.spool.codec import decode, encode
from omprog_panic.spool.record import AliveRecord, CountersRecord
from omprog_panic.store.dialect import dialect_of
from omprog_panic.store.latest import load_latest, store_latest
from omprog_panic.store.refused import add_refused
from omprog_panic.store.schema import BOOTS, LATEST, SENDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from omprog_panic.spool.record import BootRecord, IncidentRecord, ProbeRecord

MAX_LISTED = 1000
# Names in LATEST.
_COUNTERS = "counters"
_PROBE = "probe"
_VERIFIED = "verified "  # and the sender's address


@dataclasses.dataclass(frozen=True, slots=True)
class HeardSender:
    """A sender, as it was last heard; times are RFC 3339, UTC."""

    source: str
    host: str | None
    kernel: str | None
    boot: str | None
    says: str
    first_heard_at: str
    last_heard_at: str


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """A sender was heard: when (RFC 3339, UTC), and what it said."""

    record: IncidentRecord | BootRecord | AliveRecord
    says: str
    at: str


def count_senders(connection: Connection) -> int:
    """Return how many senders were heard."""
    counted = connection.execute(sa.select(sa.func.count()).select_from(SENDERS))
    return int(counted.scalar_one())


def heard_sources(connection: Connection) -> set[str]:
    """Return the addresses of all senders that were heard."""
    return set(connection.execute(sa.select(SENDERS.c.source)).scalars())


def list_senders(connection: Connection, limit: int) -> list[HeardSender]:
    """Return the senders that were heard last, at most ``MAX_LISTED``."""
    query = sa.select(SENDERS).order_by(SENDERS.c.last_heard_at.desc())
    rows = connection.execute(query.limit(min(limit, MAX_LISTED)))
    return [
        HeardSender(
            source=row.source,
            host=row.host,
            kernel=row.kernel,
            boot=row.boot,
            says=row.says,
            first_heard_at=row.first_heard_at,
            last_heard_at=row.last_heard_at,
        )
        for row in rows
    ]


def record_sightings(connection: Connection, sightings: Sequence[Sighting]) -> None:
    """Store that senders were heard, and what they said about themselves."""
    sources = {sighting.record.source for sighting in sightings}
    query = sa.select(SENDERS).where(SENDERS.c.source.in_(sources))
    known: dict[str, dict[str, str | None]] = {
        row.source: {
            "source": row.source,
            "host": row.host,
            "kernel": row.kernel,
            "boot": row.boot,
            "says": row.says,
            "first_heard_at": row.first_heard_at,
            "last_heard_at": row.last_heard_at,
        }
        for row in connection.execute(query)
    }
    for sighting in sightings:
        record, at = sighting.record, sighting.at
        row = known.setdefault(record.source, _new_sender(record.source, at))
        if (row["last_heard_at"] or "") <= at:
            row |= {"last_heard_at": at, "says": sighting.says}
            said = {"host": record.host, "kernel": record.kernel, "boot": record.boot}
            row |= {k: visible(v) for k, v in said.items() if v is not None}
    if known:
        upsert = dialect_of(connection).upsert(SENDERS)
        connection.execute(upsert, list(known.values()))


def _new_sender(source: str, at: str) -> dict[str, str | None]:
    return {
        "source": source,
        "host": None,
        "kernel": None,
        "boot": None,
        "says": None,
        "first_heard_at": at,
        "last_heard_at": at,
    }


def insert_boot(connection: Connection, record: BootRecord) -> bool:
    """Store a boot; return False if it is stored already."""
    row = {
        "id": record.id,
        "source": record.source,
        "boot": visible(record.boot),
        "announced": record.announced,
        "at": record.at,
        "record": encode(record).decode("ascii"),
    }
    return dialect_of(connection).insert_new(connection, BOOTS, row)


def store_counters(
    connection: Connection, record: CountersRecord, received_at: float
) -> None:
    """Keep what the collector counted last, and whom it has refused lately."""
    add_refused(connection, record, received_at)
    store_latest(connection, _COUNTERS, encode(record).decode("ascii"), received_at)


def load_counters(connection: Connection) -> CountersRecord | None:
    """Return what the collector counted last; None: nothing so far."""
    found = load_latest(connection, _COUNTERS)
    if found is None:
        return None
    record = decode(found.content.encode())
    return record if isinstance(record, CountersRecord) else None


def store_probe(
    connection: Connection, record: ProbeRecord, received_at: float
) -> None:
    """Keep the last probe that came out of the chain."""
    store_latest(connection, _PROBE, encode(record).decode("ascii"), received_at)


def probe_heard_at(connection: Connection) -> float | None:
    """Return when a probe last came out of the chain; None: never so far."""
    found = load_latest(connection, _PROBE)
    return None if found is None else found.received_at


def store_verified(
    connection: Connection, record: AliveRecord, received_at: float
) -> None:
    """Keep the last token of each sender."""
    name, content = _VERIFIED + record.source, encode(record).decode("ascii")
    store_latest(connection, name, content, received_at)


def find_verified(connection: Connection, token: str) -> AliveRecord | None:
    """Return the record with a token; None: it has not arrived."""
    query = sa.select(LATEST.c.record).where(LATEST.c.name.startswith(_VERIFIED))
    for content in connection.execute(query).scalars():
        record = decode(content.encode())
        if isinstance(record, AliveRecord) and record.token == token:
            return record
    return None
