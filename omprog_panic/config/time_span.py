"""Recurring times: ``Sun 02:00-04:00 Europe/Berlin``. Pure values.

Times are those on the clock of an IANA time zone. Where daylight saving makes a time
ambiguous the first one counts, and where it leaves a time out the offset before the
change counts, as in RFC 5545. So a span is never left out, and never comes twice.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
import zoneinfo
from typing import NamedTuple

DAY_MINUTES = 1440
LOOK_AHEAD_DAYS = 400  # for the next one; every weekday of a month comes within 35
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)
EXAMPLES = (
    "write for example `Sun 02:00-04:00 Europe/Berlin`, `Mon-Fri 18:00-08:00 UTC`, "
    "`last Sat 22:00-24:00 UTC` or `2026-12-24..2026-12-26 Europe/Berlin`"
)


class Occurrence(NamedTuple):
    """One time that a span comes; wall times, the end excluded."""

    starts_at: float
    ends_at: float


@dataclasses.dataclass(frozen=True, slots=True)
class TimeSpan:
    """Times of the day on some days. ``minutes``: from and until, within two days.

    ``nth``: of the month, -1 the last one; None: every week. ``dates``: the first and
    the last one; None: without end. ``text`` is what ``parse_span`` was given.
    """

    text: str
    zone: str
    minutes: tuple[int, int]
    days: frozenset[int] = frozenset(range(7))  # 0 is Monday
    nth: int | None = None
    dates: tuple[dt.date, dt.date] | None = None

    def __str__(self) -> str:
        return self.text

    def covering(self, wall: float) -> Occurrence | None:
        """Return the occurrence that a wall time lies in; None: in none."""
        today = _local_day(wall, self.zone)
        for day in (today - dt.timedelta(1), today):
            found = self._on(day)
            if found is not None and found.starts_at <= wall < found.ends_at:
                return found
        return None

    def next_after(self, wall: float) -> Occurrence | None:
        """Return the first occurrence that is not over; None: there will be none."""
        day = _local_day(wall, self.zone) - dt.timedelta(1)
        if self.dates is not None:
            day = max(day, self.dates[0])
        for number in range(LOOK_AHEAD_DAYS):
            found = self._on(day + dt.timedelta(number))
            if found is not None and found.ends_at > wall:
                return found
        return None

    def _on(self, day: dt.date) -> Occurrence | None:
        """Return the occurrence that begins on a day."""
        if not self._has(day):
            return None
        begin, end = self.minutes
        starts_at, ends_at = _wall(day, begin, self.zone), _wall(day, end, self.zone)
        if ends_at <= starts_at:  # the clock went forward over its end
            ends_at = starts_at + (end - begin) * 60.0
        return Occurrence(starts_at, ends_at)

    def _has(self, day: dt.date) -> bool:
        if self.dates is not None and not self.dates[0] <= day <= self.dates[1]:
            return False
        if day.weekday() not in self.days:
            return False
        if self.nth is None:
            return True
        if self.nth < 0:
            return (day + dt.timedelta(7)).month != day.month
        return (day.day - 1) // 7 + 1 == self.nth


def parse_span(text: str) -> TimeSpan:
    """Parse ``[DAYS] [HH:MM-HH:MM] ZONE``; without hours the whole day.

    DAYS are weekdays (``Sat,Sun``, ``Mon-Fri``, ``last Sun`` of the month), a date or
    two (``2026-12-24..2026-12-26``). An end before the start is on the next day.

    >>> parse_span("Fri-Sun 22:00-04:00 Europe/Berlin").minutes
    (1320, 1680)

    Raises:
        ValueError: it is none; the message says what to write.

    """
    words = text.split()
    if not words or _HOURS.fullmatch(words[-1]) or _is_days(words[-1]):
        raise ValueError(f"{text!r} has no time zone: {EXAMPLES}")
    zone = words.pop()
    _zone(zone)
    minutes = (0, DAY_MINUTES)
    if words and (found := _HOURS.fullmatch(words[-1])):
        words.pop()
        minutes = _minutes(text, *map(int, found.groups()))
    return _with_days(TimeSpan(text, zone, minutes), [w.lower() for w in words])


def _minutes(text: str, *parts: int) -> tuple[int, int]:
    begin, end = parts[0] * 60 + parts[1], parts[2] * 60 + parts[3]
    if end > DAY_MINUTES or begin == end:
        raise ValueError(f"{text!r}: these hours are none: {EXAMPLES}")
    return begin, end if end > begin else end + DAY_MINUTES


def _with_days(span: TimeSpan, words: list[str]) -> TimeSpan:
    nth = _NTH.get(words[0]) if len(words) == 2 else None
    if nth is not None:
        del words[0]
    if len(words) > 1:
        raise ValueError(f"{span.text!r} is not understood: {EXAMPLES}")
    if not words or words[0] == "daily":
        return span
    if words[0][:1].isdigit():
        return dataclasses.replace(span, dates=_dates(span.text, words[0]))
    if not _is_days(words[0]):
        raise ValueError(f"{span.text!r}: {words[0]!r} is no weekday: {EXAMPLES}")
    days: set[int] = set()
    for part in words[0].split(","):
        first, _, last = part.partition("-")
        begin = _DAYS.index(first[:3])
        length = (_DAYS.index((last or first)[:3]) - begin) % 7
        days |= {(begin + number) % 7 for number in range(length + 1)}
    return dataclasses.replace(span, days=frozenset(days), nth=nth)


def _dates(text: str, word: str) -> tuple[dt.date, dt.date]:
    first, _, last = word.partition("..")
    try:
        dates = dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)
    except ValueError as error:
        raise ValueError(f"{text!r}: {word!r} is no date: {EXAMPLES}") from error
    if dates[0] > dates[1]:
        raise ValueError(f"{text!r} ends before it begins: swap the dates")
    return dates


_NAMES = {
    name[:length]
    for name in (
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    )
    for length in (3, len(name))
}  # fmt: skip


def _is_days(word: str) -> bool:
    names = [name for part in word.lower().split(",") for name in part.split("-")]
    return all(name in _NAMES for name in names)


def parse_moment(text: str) -> float:
    """Return the wall time of ``YYYY-MM-DD HH:MM ZONE``, or of an RFC 3339 time.

    >>> parse_moment("1970-01-01 01:00 Europe/Berlin")
    0.0

    Raises:
        ValueError: it is none; the message says what to write.

    """
    when, _, zone = text.strip().rpartition(" ")
    try:
        parsed = dt.datetime.fromisoformat(text.strip())
        if parsed.tzinfo is not None:
            return parsed.timestamp()
    except ValueError:
        if when:
            tz = _zone(zone)
            try:
                return dt.datetime.fromisoformat(when).replace(tzinfo=tz).timestamp()
            except (ValueError, OverflowError):
                pass
    raise ValueError(
        f"{text!r} is not a time with its zone: write for example "
        "`2026-11-29 02:00 Europe/Berlin` or 2026-11-29T02:00:00Z"
    )


def show_moment(wall: float, zone: str) -> str:
    """Return a wall time as the clock of a zone shows it.

    >>> show_moment(0.0, "Europe/Berlin")
    'Thu 1970-01-01 01:00 CET'
    """
    local = dt.datetime.fromtimestamp(wall, _zone(zone))
    return local.strftime("%a %Y-%m-%d %H:%M %Z")


@functools.cache
def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"unknown time zone {name!r}: write an IANA name, for example "
            "Europe/Berlin or UTC (the package tzdata lists them)"
        ) from error


def _local_day(wall: float, zone: str) -> dt.date:
    return dt.datetime.fromtimestamp(wall, _zone(zone)).date()


def _wall(day: dt.date, minute: int, zone: str) -> float:
    days, minute = divmod(minute, DAY_MINUTES)
    at = dt.time(minute // 60, minute % 60, tzinfo=_zone(zone))  # fold 0: RFC 5545
    return dt.datetime.combine(day + dt.timedelta(days), at).timestamp()
