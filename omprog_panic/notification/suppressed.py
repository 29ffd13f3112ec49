"""``suppressed``: a service has reached its rate limit. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.format import Format, MessageFacts

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class SuppressedKind:
    """How many messages of one kind were suppressed."""

    kind: str = ""  # value of a Kind
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Suppressed(MessageFacts):
    """Messages to one service were suppressed, because it had enough for an hour."""

    service: str = ""
    count: int = 0
    since: float | None = None  # wall time in seconds
    per_hour: int = 0  # the rate limit
    kinds: tuple[SuppressedKind, ...] = ()


def _encode_kind(kind: SuppressedKind) -> JsonObject:
    return {"kind": kind.kind, "count": kind.count}


def _decode_kind(fields: Fields) -> SuppressedKind:
    return SuppressedKind(fields.text("kind"), fields.integer("count"))


def _encode(facts: Suppressed) -> JsonObject:
    return {
        "service": facts.service,
        "count": facts.count,
        "since": facts.since,
        "per_hour": facts.per_hour,
        "kinds": [_encode_kind(kind) for kind in facts.kinds],
    }


def _decode(fields: Fields) -> Suppressed:
    return Suppressed(
        service=fields.text("service"),
        count=fields.integer("count"),
        since=fields.number("since"),
        per_hour=fields.integer("per_hour"),
        kinds=fields.items("kinds", _decode_kind),
    )


SUPPRESSED = Format(
    facts=Suppressed,
    encode=_encode,
    decode=_decode,
    sample=Suppressed(
        service="slack [ops] slack://T...",
        count=23,
        since=1767261600.0,
        per_hour=30,
        kinds=(SuppressedKind("incident", 21), SuppressedKind("back", 2)),
    ),
)
