"""Silences, and what happened under them. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.routing import Matcher, match_to_json, parse_match
from omprog_panic.notification.silence_ended import NamedIncident
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(slots=True)
class SilenceState:
    """One silence; its times are wall times."""

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
    }


def _decode(raw: Json) -> SilenceState:
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
    )


SILENCES = RowFormat("silences", _encode, _decode)
