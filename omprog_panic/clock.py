"""The only reader of time: wall time for people, monotonic time for timeouts."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """What the loops take instead of ``time``; tests pass a clock of their own."""

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC; steps when the administrator sets it."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        ...


class SystemClock:
    """The machine's clocks."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def utc_offset(wall: float) -> int:
    """Return the seconds that local time is ahead of UTC at a moment."""
    return time.localtime(wall).tm_gmtoff


def in_utc(at: str) -> str:
    """Write any RFC 3339 time in UTC, so that such texts sort by time.

    What is no time, or has no zone, comes back as it is.

    >>> in_utc("2026-11-22T23:15:42.5+01:00")
    '2026-11-22T22:15:42.500000+00:00'
    """
    try:
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None:
            return at
        return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return at


def rfc3339(wall: float) -> str:
    """Write a wall time as RFC 3339 in UTC with microseconds.

    >>> rfc3339(0.25)
    '1970-01-01T00:00:00.250000+00:00'
    """
    micros = round(wall * 1_000_000)
    seconds, micros = divmod(micros, 1_000_000)
    head = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{head}.{micros:06d}+00:00"
