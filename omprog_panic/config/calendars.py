"""``calendars``, and the ``times`` of routes and maintenance windows. Pure values."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.time_span import Occurrence, TimeSpan, parse_span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Calendars = Mapping[str, Sequence[str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Times:
    """One entry of ``times``: a span, a calendar, or ``!`` and one of these.

    ``text`` is the entry as it was written; ``spans`` are those of the calendar.
    """

    text: str
    spans: tuple[TimeSpan, ...]
    excluded: bool = False

    def covering(self, wall: float) -> Occurrence | None:
        """Return the occurrence of a span that a wall time lies in."""
        found = (span.covering(wall) for span in self.spans)
        return next(filter(None, found), None)

    def next_after(self, wall: float) -> Occurrence | None:
        """Return the first occurrence of a span that is not over."""
        found = (span.next_after(wall) for span in self.spans)
        return min(filter(None, found), default=None)


def is_time(times: Sequence[Times], wall: float) -> bool:
    """Return whether one of the times is now, and none that is excluded.

    No times are always now; only excluded ones are, whenever none of these is.
    """
    if any(entry.excluded and entry.covering(wall) for entry in times):
        return False
    wanted = [entry for entry in times if not entry.excluded]
    return not wanted or any(entry.covering(wall) for entry in wanted)


def parse_times(asked: object, calendars: Calendars) -> tuple[Times, ...]:
    """Parse the value of ``times`` or ``every``: one entry, or a list of them.

    >>> [times.text for times in parse_times("!Sun UTC", {})]
    ['!Sun UTC']

    Raises:
        ValueError: an entry is neither a calendar nor a span.

    """
    entries = asked if isinstance(asked, list | tuple) else [asked]
    return tuple(parse_entry(str(entry), calendars) for entry in entries if entry)


def parse_entry(text: str, calendars: Calendars) -> Times:
    """Parse one entry.

    Raises:
        ValueError: it is neither a calendar nor a span.

    """
    name = text.removeprefix("!").strip()
    if name in calendars:
        spans = tuple(map(parse_span, calendars[name]))
    elif len(name.split()) <= 1:
        known = f"; known here: {', '.join(calendars)}" if calendars else ""
        raise ValueError(
            f"{name!r} is neither a name in `calendars` nor a time with its zone, "
            f"such as `Mon-Fri 08:00-18:00 Europe/Berlin`{known}"
        )
    else:
        spans = (parse_span(name),)
    return Times(text, spans, excluded=text.startswith("!"))
