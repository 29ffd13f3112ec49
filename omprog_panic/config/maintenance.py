"""``maintenance`` of config.yaml: recurring silences. Pure values."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.config.calendars import parse_times
from omprog_panic.config.routing import Matcher, match_to_json, parse_match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.config.calendars import Calendars, Times


@dataclasses.dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """An entry: alerts that match are stored, not sent, at these times."""

    name: str
    every: tuple[Times, ...]
    match: tuple[Matcher, ...]
    comment: str = ""

    @classmethod
    def from_json(
        cls, entry: Mapping[str, Any], calendars: Calendars
    ) -> MaintenanceWindow:
        """Parse a checked entry.

        Raises:
            ValueError: times that are none.

        """
        return cls(
            name=entry["name"],
            every=parse_times(entry["every"], calendars),
            match=parse_match(entry["match"]),
            comment=entry["comment"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entry that parses to this value."""
        return {
            "name": self.name,
            "every": [times.text for times in self.every],
            "match": match_to_json(self.match),
            "comment": self.comment,
        }
