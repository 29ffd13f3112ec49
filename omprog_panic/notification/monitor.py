"""Messages about the monitor itself: deaf, hears, its database is damaged. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.format import Format, Lifecycle, MessageFacts

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class MonitorDeaf(MessageFacts):
    """``monitor-deaf``: our own test datagram did not arrive."""

    monitor: str = ""  # name of the monitoring host
    at: float | None = None  # wall time in seconds
    last_heard_at: float | None = None  # when the last one arrived
    misses: int = 0  # in a row
    address: str | None = None  # where it was sent
    port: int | None = None
    error: str | None = None  # it could not even be sent


@dataclasses.dataclass(frozen=True, slots=True)
class MonitorHears(MessageFacts):
    """``monitor-hears``: it arrives again."""

    monitor: str = ""
    at: float | None = None
    deaf_since: float | None = None
    deaf_s: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseDamaged(MessageFacts):
    """``database-damaged``: the database was set aside, and a new one begun."""

    monitor: str = ""
    at: float | None = None
    file: str = ""  # the path that the damaged one has now
    reason: str = ""


def _encode_deaf(facts: MonitorDeaf) -> JsonObject:
    return {
        "monitor": facts.monitor,
        "at": facts.at,
        "last_heard_at": facts.last_heard_at,
        "misses": facts.misses,
        "address": facts.address,
        "port": facts.port,
        "error": facts.error,
    }


def _decode_deaf(fields: Fields) -> MonitorDeaf:
    return MonitorDeaf(
        monitor=fields.text("monitor"),
        at=fields.number("at"),
        last_heard_at=fields.number("last_heard_at"),
        misses=fields.integer("misses"),
        address=fields.optional_text("address"),
        port=fields.optional_integer("port"),
        error=fields.optional_text("error"),
    )


def _encode_hears(facts: MonitorHears) -> JsonObject:
    return {
        "monitor": facts.monitor,
        "at": facts.at,
        "deaf_since": facts.deaf_since,
        "deaf_s": facts.deaf_s,
    }


def _decode_hears(fields: Fields) -> MonitorHears:
    return MonitorHears(
        monitor=fields.text("monitor"),
        at=fields.number("at"),
        deaf_since=fields.number("deaf_since"),
        deaf_s=fields.number("deaf_s"),
    )


def _encode_damaged(facts: DatabaseDamaged) -> JsonObject:
    return {
        "monitor": facts.monitor,
        "at": facts.at,
        "file": facts.file,
        "reason": facts.reason,
    }


def _decode_damaged(fields: Fields) -> DatabaseDamaged:
    return DatabaseDamaged(
        monitor=fields.text("monitor"),
        at=fields.number("at"),
        file=fields.text("file"),
        reason=fields.text("reason"),
    )


MONITOR_DEAF = Format(
    facts=MonitorDeaf,
    encode=_encode_deaf,
    decode=_decode_deaf,
    sample=MonitorDeaf(
        monitor="sample-monitor",
        at=1767261660.0,
        last_heard_at=1767259800.0,
        misses=2,
        address="127.0.0.1",
        port=6666,
    ),
    lifecycle=Lifecycle.FIRING,
)
MONITOR_HEARS = Format(
    facts=MonitorHears,
    encode=_encode_hears,
    decode=_decode_hears,
    sample=MonitorHears(
        monitor="sample-monitor",
        at=1767263460.0,
        deaf_since=1767261660.0,
        deaf_s=1800.0,
    ),
    lifecycle=Lifecycle.RESOLVED,
)
DATABASE_DAMAGED = Format(
    facts=DatabaseDamaged,
    encode=_encode_damaged,
    decode=_decode_damaged,
    sample=DatabaseDamaged(
        monitor="sample-monitor",
        at=1767261660.0,
        file="/var/lib/omprog-panic/db/omprog-panic.db.damaged-20260101T100100Z",
        reason="database disk image is malformed",
    ),
)
