"""The only module that reads the time: wall time and monotonic time."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """The time source that loops are given; tests pass a fake."""

    def wall(self) -> float:
        """Return seconds since 1970-01-01 UTC; jumps when the clock is set."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point; never goes back."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def utc_offset(wall: float) -> int:
    """Return how many seconds local time is ahead of UTC at a wall time."""
    return time.localtime(wall).tm_gmtoff


def in_utc(at: str) -> str:
    """Return an RFC 3339 time in UTC, so that such texts sort by time.

    A text that is not a time, or has no time zone, is returned unchanged.

    >>> in_utc("2026-11-22T23:15:42.5+01:00")
    '2026-11-22T22:15:42.500000+00:00'
    """
    try:
        parsed = dt.datetime.fromisoformat(at)
        if parsed.tzinfo is None:
            return at
        return parsed.astimezone(dt.UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return at


def rfc3339(wall: float) -> str:
    """Format a wall time as RFC 3339 in UTC with microseconds.

    >>> rfc3339(0.25)
    '1970-01-01T00:00:00.250000+00:00'
    """
    micros = round(wall * 1_000_000)
    seconds, micros = divmod(micros, 1_000_000)
    head = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{head}.{micros:06d}+00:00"
