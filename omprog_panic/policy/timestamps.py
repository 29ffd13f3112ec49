"""The clocks of the policy. Pure.

The wall clock steps, and the machine is switched off at times. So the policy counts
seconds of its own, ``t``, which never go back and which no step of the wall clock
changes; and ``listened``, the seconds in which this monitor was up and could hear.
The silence of a sender is measured in the latter.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

# Farther away than this, a wall time is one of a clock that was wrong: nothing waits in
# the spool, and no monitor is switched off, for so long.
PLAUSIBLE_S = 30 * 86400.0
STEP_S = 600.0  # more than a clock drifts between two evaluations


class Timestamps(NamedTuple):
    """The current time on each clock."""

    t: float  # seconds since the first start of the alerter
    wall: float  # seconds since 1970, for people and for the ends of silences
    listened: float  # seconds
    offset_s: int = 0  # of local time, east of UTC

    def t_of(self, at: str | None) -> float:
        """Return the ``t`` of a recent wall time (RFC 3339).

        What lies in the future or in another month, or cannot be parsed, happened now.
        """
        wall = wall_of(at)
        if wall is None or not 0.0 <= self.wall - wall <= PLAUSIBLE_S:
            return self.t
        return self.t - (self.wall - wall)

    def is_step_from(self, last: Timestamps) -> bool:
        """Return whether the wall clock was set since the last timestamps."""
        passed = (self.wall - self.t) - (last.wall - last.t)
        return abs(passed) > STEP_S


def wall_of(at: str | None) -> float | None:
    """Parse an RFC 3339 time; return seconds since 1970, or None if it is none.

    >>> wall_of("1970-01-01T01:00:00.5+01:00")
    0.5
    """
    if not at:
        return None
    try:
        parsed = dt.datetime.fromisoformat(at)
        return parsed.timestamp() if parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None


class Timekeeper:
    """Makes timestamps of two clocks; a restart continues where the last run ended."""

    def __init__(self, last: Timestamps | None) -> None:
        self._last = last
        self._steady: float | None = None  # at the last timestamps; None: just started

    def now(
        self, wall: float, steady: float, offset_s: int = 0, *, hearing: bool = True
    ) -> Timestamps:
        """Return the current timestamps; without ``hearing``, ``listened`` stands."""
        last = self._last or Timestamps(0.0, wall, 0.0)
        if self._steady is None:
            # Only the wall clock knows how long the alerter was down, and nobody
            # knows whether rsyslogd listened then.
            passed, listened = wall - last.wall, 0.0
            if not 0.0 <= passed <= PLAUSIBLE_S:
                passed = 0.0  # the clock was set
        else:
            passed = max(0.0, steady - self._steady)
            listened = passed if hearing else 0.0
        self._steady = steady
        self._last = Timestamps(
            last.t + passed, wall, last.listened + listened, offset_s
        )
        return self._last
