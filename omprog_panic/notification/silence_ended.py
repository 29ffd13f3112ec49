"""``silence-ended``: what happened under a silence that is over. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.format import Format, MessageFacts

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class NamedIncident:
    """An incident in a list."""

    id: str = ""
    title: str = ""
    host: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SilencedEvent:
    """A message that is about no crash, and was not sent."""

    kind: str = ""  # value of a Kind
    host: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SilenceEnded(MessageFacts):
    """A silence, or a maintenance window, has ended with incidents under it."""

    id: str = ""
    author: str = ""
    comment: str = ""
    starts_at: float | None = None  # wall time in seconds
    ends_at: float | None = None
    match: tuple[str, ...] = ()  # matchers, as the command line takes them
    crashes: int = 0
    signs: int = 0  # messages of other kinds that were not sent
    incidents: tuple[NamedIncident, ...] = ()  # the newest ones
    every: tuple[str, ...] = ()  # when it comes again
    events: tuple[SilencedEvent, ...] = ()  # the newest ones
    down: tuple[str, ...] = ()  # names of hosts that are not back, or are silent


def _encode_incident(incident: NamedIncident) -> JsonObject:
    return {"id": incident.id, "title": incident.title, "host": incident.host}


def _decode_incident(fields: Fields) -> NamedIncident:
    return NamedIncident(fields.text("id"), fields.text("title"), fields.text("host"))


def _encode_event(event: SilencedEvent) -> JsonObject:
    return {"kind": event.kind, "host": event.host}


def _decode_event(fields: Fields) -> SilencedEvent:
    return SilencedEvent(fields.text("kind"), fields.text("host"))


def _encode(facts: SilenceEnded) -> JsonObject:
    return {
        "id": facts.id,
        "author": facts.author,
        "comment": facts.comment,
        "starts_at": facts.starts_at,
        "ends_at": facts.ends_at,
        "match": list(facts.match),
        "crashes": facts.crashes,
        "signs": facts.signs,
        "incidents": [_encode_incident(incident) for incident in facts.incidents],
        "every": list(facts.every),
        "events": [_encode_event(event) for event in facts.events],
        "down": list(facts.down),
    }


def _decode(fields: Fields) -> SilenceEnded:
    return SilenceEnded(
        id=fields.text("id"),
        author=fields.text("author"),
        comment=fields.text("comment"),
        starts_at=fields.number("starts_at"),
        ends_at=fields.number("ends_at"),
        match=fields.texts("match"),
        crashes=fields.integer("crashes"),
        signs=fields.integer("signs"),
        incidents=fields.items("incidents", _decode_incident),
        every=fields.texts("every"),
        events=fields.items("events", _decode_event),
        down=fields.texts("down"),
    )


SILENCE_ENDED = Format(
    facts=SilenceEnded,
    encode=_encode,
    decode=_decode,
    sample=SilenceEnded(
        id="5e1f",
        author="ada",
        comment="new kernel on rack 3",
        starts_at=1767254400.0,
        ends_at=1767261600.0,
        match=("host=db-*", "kernel=6.12.*"),
        crashes=2,
        signs=1,
        incidents=(
            NamedIncident(
                "0123456789abcdef0123456789abcdef",
                "sysrq triggered crash",
                "sample-host",
            ),
        ),
        every=("Sun 02:00-04:00 Europe/Berlin",),
        events=(SilencedEvent("suspected-crash", "web-01"),),
        down=("sample-host",),
    ),
)
