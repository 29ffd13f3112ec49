"""Who was refused lately: summed over the reports of the collector."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from omprog_panic.store.latest import load_latest, store_latest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from omprog_panic.spool.record import CountersRecord

LATEST_NAME = "refused"
VERSION = 1
WINDOW_S = 86_400.0  # after its last refused datagram, a sender is forgotten
MAX_KEPT = 200  # senders; those with the most datagrams stay


@dataclasses.dataclass(frozen=True, slots=True)
class RefusedSender:
    """How many datagrams of an address were refused; ``last_at``: wall time."""

    address: str
    datagrams: int
    last_at: float


def add_refused(connection: Connection, record: CountersRecord, now: float) -> None:
    """Add what a report of the collector says."""
    known = {row.address: row for row in recently_refused(connection, now)}
    for address, datagrams in _counted(record).items():
        before = known[address].datagrams if address in known else 0
        known[address] = RefusedSender(address, before + datagrams, now)
    if known:
        rows = _worst_first(known)[:MAX_KEPT]
        store_latest(connection, LATEST_NAME, encode(rows), now)


def recently_refused(connection: Connection, now: float) -> list[RefusedSender]:
    """Return who was refused within ``WINDOW_S``, the worst first."""
    found = load_latest(connection, LATEST_NAME)
    if found is None:
        return []
    return [row for row in decode(found.content) if now - row.last_at < WINDOW_S]


def encode(rows: list[RefusedSender]) -> str:
    """Return one JSON object; ``decode`` reads it."""
    senders = [[row.address, row.datagrams, row.last_at] for row in rows]
    return json.dumps({"version": VERSION, "senders": senders})


def decode(text: str) -> list[RefusedSender]:
    """Parse what ``encode`` returned; empty: another version wrote it."""
    body = json.loads(text)
    if body.get("version") != VERSION:
        return []
    return [RefusedSender(str(a), int(n), float(at)) for a, n, at in body["senders"]]


def _counted(record: CountersRecord) -> dict[str, int]:
    # A collector of an older version gave no numbers: each was refused at least once.
    numbers = record.refused_counts or (1,) * len(record.refused)
    return dict(zip(record.refused, numbers, strict=False))


def _worst_first(known: Mapping[str, RefusedSender]) -> list[RefusedSender]:
    return sorted(known.values(), key=lambda row: (-row.datagrams, row.address))
