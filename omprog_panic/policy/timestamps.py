"""The times that the policy goes by. Pure.

The wall clock steps, and the machine is switched off at times. So the policy counts
seconds of its own, ``t``, which never go back and which no step of the wall clock
changes; and ``listened``, the seconds in which this monitor was up and could hear,
which is what the silence of a sender is measured in.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


class Timestamps(NamedTuple):
    """Now."""

    t: float  # seconds, from the first start of the alerter on
    wall: float  # seconds since 1970, for people and for ends of silences
    listened: float
    offset_s: int = 0  # of local time, east of UTC

    def t_of(self, at: str | None) -> float:
        """Return the ``t`` of a wall time (RFC 3339) that rsyslogd or we wrote lately.

        What lies in the future, or is no time, happened now.
        """
        wall = wall_of(at)
        return self.t if wall is None else self.t - max(0.0, self.wall - wall)


def wall_of(at: str | None) -> float | None:
    """Read an RFC 3339 time.

    >>> wall_of("1970-01-01T01:00:00.5+01:00")
    0.5
    """
    if not at:
        return None
    try:
        moment = dt.datetime.fromisoformat(at)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


class Timekeeper:
    """Turns two clocks into moments; a restart goes on where the last run ended."""

    def __init__(self, last: Timestamps | None) -> None:
        self._last = last
        self._steady: float | None = None  # of the last moment; None: just started

    def moment(
        self, wall: float, steady: float, offset_s: int = 0, *, hearing: bool = True
    ) -> Timestamps:
        """Return the moment; without ``hearing`` nobody's silence counts."""
        last = self._last or Timestamps(0.0, wall, 0.0)
        if self._steady is None:
            # What the wall clock says of the time in between is all there is; and
            # nobody knows whether rsyslogd listened then.
            passed, listened = max(0.0, wall - last.wall), 0.0
        else:
            passed = max(0.0, steady - self._steady)
            listened = passed if hearing else 0.0
        self._steady = steady
        self._last = Timestamps(
            last.t + passed, wall, last.listened + listened, offset_s
        )
        return self._last
