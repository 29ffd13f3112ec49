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
class SuppressedCause:
    """What suppressed messages were about."""

    severity: str = ""  # of the crash, or the kind of a message that is about no crash
    title: str = ""
    hosts: tuple[str, ...] = ()  # names, at most 20
    count: int = 0  # of messages


@dataclasses.dataclass(frozen=True, slots=True)
class Suppressed(MessageFacts):
    """Messages to one service were suppressed, because it had enough for an hour."""

    service: str = ""
    count: int = 0
    since: float | None = None  # wall time in seconds
    per_hour: int = 0  # the rate limit
    kinds: tuple[SuppressedKind, ...] = ()
    causes: tuple[SuppressedCause, ...] = ()  # worst first
    more_causes: int = 0  # messages of causes that are not named


def _encode_kind(kind: SuppressedKind) -> JsonObject:
    return {"kind": kind.kind, "count": kind.count}


def _decode_kind(fields: Fields) -> SuppressedKind:
    return SuppressedKind(fields.text("kind"), fields.integer("count"))


def encode_suppressed_cause(cause: SuppressedCause) -> JsonObject:
    """Return a JSON object."""
    return {
        "severity": cause.severity,
        "title": cause.title,
        "hosts": list(cause.hosts),
        "count": cause.count,
    }


def decode_suppressed_cause(fields: Fields) -> SuppressedCause:
    """Parse what ``encode_suppressed_cause`` returned."""
    return SuppressedCause(
        severity=fields.text("severity"),
        title=fields.text("title"),
        hosts=fields.texts("hosts"),
        count=fields.integer("count"),
    )


def _encode(facts: Suppressed) -> JsonObject:
    return {
        "service": facts.service,
        "count": facts.count,
        "since": facts.since,
        "per_hour": facts.per_hour,
        "kinds": [_encode_kind(kind) for kind in facts.kinds],
        "causes": [encode_suppressed_cause(cause) for cause in facts.causes],
        "more_causes": facts.more_causes,
    }


def _decode(fields: Fields) -> Suppressed:
    return Suppressed(
        service=fields.text("service"),
        count=fields.integer("count"),
        since=fields.number("since"),
        per_hour=fields.integer("per_hour"),
        kinds=fields.items("kinds", _decode_kind),
        causes=fields.items("causes", decode_suppressed_cause),
        more_causes=fields.integer("more_causes"),
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
        causes=(
            SuppressedCause("panic", "page fault in nvme_irq", ("web-01", "web-02"), 2),
            SuppressedCause("oops", "BUG in ext4_writepages", ("web-01",), 19),
            SuppressedCause("back", "", ("web-03",), 2),
        ),
    ),
)
