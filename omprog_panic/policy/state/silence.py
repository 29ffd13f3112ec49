"""Silences, and what happened under them. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.routing import Matcher, match_to_json, parse_match
from omprog_panic.config.time_span import Occurrence, TimeSpan, parse_span
from omprog_panic.notification.silence_ended import NamedIncident, SilencedEvent
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


WINDOW = "window:"  # begins the id of a maintenance window of config.yaml
FOREVER = 253402300799.0  # the end of the year 9999


@dataclasses.dataclass(slots=True)
class SilenceState:
    """One silence; its times are wall times.

    ``every``: when it comes again, between its start and end; empty: it is there all
    the time. ``occurrence``: what is counted happened within it. ``hosts``: the
    addresses of those that something was suppressed of.
    """

    id: str
    match: tuple[Matcher, ...]
    author: str
    comment: str
    starts_at: float
    ends_at: float
    crashes: int = 0
    signs: int = 0  # messages of other kinds
    incidents: tuple[NamedIncident, ...] = ()  # the newest ones
    services: tuple[str, ...] = ()  # that the silence kept messages from
    events: tuple[SilencedEvent, ...] = ()  # the newest messages of other kinds
    hosts: tuple[str, ...] = ()
    every: tuple[TimeSpan, ...] = ()
    occurrence: Occurrence | None = None

    @property
    def is_window(self) -> bool:
        """Whether it is a maintenance window of config.yaml."""
        return self.id.startswith(WINDOW)

    def covering(self, wall: float) -> Occurrence | None:
        """Return the occurrence that a wall time lies in; a silence has only one."""
        if not self.starts_at <= wall < self.ends_at:
            return None
        if not self.every:
            return Occurrence(self.starts_at, self.ends_at)
        found = (span.covering(wall) for span in self.every)
        return next(filter(None, found), None)


def _encode(row: SilenceState) -> Json:
    return {
        "id": row.id,
        "match": match_to_json(row.match),
        "author": row.author,
        "comment": row.comment,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "crashes": row.crashes,
        "signs": row.signs,
        "incidents": [
            {"id": item.id, "title": item.title, "host": item.host}
            for item in row.incidents
        ],
        "services": list(row.services),
        "events": [{"kind": item.kind, "host": item.host} for item in row.events],
        "hosts": list(row.hosts),
        "every": [span.text for span in row.every],
        "occurrence": None
        if row.occurrence is None
        else {
            "starts_at": row.occurrence.starts_at,
            "ends_at": row.occurrence.ends_at,
        },
    }


def _decode(raw: Json) -> SilenceState:
    occurrence = raw["occurrence"]
    return SilenceState(
        id=raw["id"],
        match=parse_match(raw["match"]),
        author=raw["author"],
        comment=raw["comment"],
        starts_at=raw["starts_at"],
        ends_at=raw["ends_at"],
        crashes=raw["crashes"],
        signs=raw["signs"],
        incidents=tuple(
            NamedIncident(item["id"], item["title"], item["host"])
            for item in raw["incidents"]
        ),
        services=tuple(raw["services"]),
        events=tuple(SilencedEvent(e["kind"], e["host"]) for e in raw["events"]),
        hosts=tuple(raw["hosts"]),
        every=tuple(map(parse_span, raw["every"])),
        occurrence=None
        if occurrence is None
        else Occurrence(occurrence["starts_at"], occurrence["ends_at"]),
    )


SILENCES = RowFormat("silences", _encode, _decode)
