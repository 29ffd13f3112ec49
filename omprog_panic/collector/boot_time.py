"""Estimates when a kernel booted, from its clock and ours. Pure.

A record that is received at ``at`` and stamped ``time_us`` was printed by a kernel
that booted at ``at - time_us`` or before: a datagram can be late, but never early. So
a kernel clock that falls back means a reboot only if the estimated boot lies after
the last record of the kernel that was heard before. Otherwise two kernels run at the
same time: two hosts share the address.
"""

from __future__ import annotations

from datetime import datetime

# Two clocks are compared: seconds for reading them, and the drift of cheap clocks.
SLACK_S = 3.0
_DRIFT = 2e-4
_STEADY_S = 2.0  # a log buffer covers minutes within milliseconds, a live host cannot


def wall_s(at: str) -> float | None:
    """Return an RFC 3339 time in seconds; None if it cannot be parsed."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def seconds_between(before: str, after: str) -> float:
    """Return the seconds between two RFC 3339 times; 0.0 if one cannot be parsed."""
    try:
        pause = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    except (ValueError, TypeError):
        return 0.0
    return pause.total_seconds()


def slack_s(span_s: float) -> float:
    """Return by how much two clocks may differ after so many seconds."""
    return SLACK_S + _DRIFT * abs(span_s)


class BootTimeEstimate:
    """When the kernel that prints the records of a burst booted, by two clocks.

    The wall clock of the reception may be set by an administrator; our own clock
    stands still while no collector runs, and the records of an emptied queue arrive
    too fast for it. Both must agree.
    """

    __slots__ = ("_known", "_own_s", "_slack_s", "_wall_first_s", "_wall_s")

    def __init__(self) -> None:
        self._known = False
        self._wall_s = self._wall_first_s = self._own_s = 0.0
        self._slack_s = SLACK_S

    def add(self, time_us: int | None, at: str, now: float) -> None:
        """Take a record's kernel time, its reception time and our own clock."""
        wall = wall_s(at)
        if time_us is None or wall is None:
            return
        kernel_s = time_us / 1e6
        by_wall, by_own = wall - kernel_s, now - kernel_s
        if not self._known:
            self._known = True
            self._wall_s = self._wall_first_s = by_wall
            self._own_s = by_own
        self._wall_s = min(self._wall_s, by_wall)
        self._own_s = min(self._own_s, by_own)
        self._slack_s = slack_s(kernel_s)

    @property
    def steady(self) -> bool:
        """Whether the kernel's clock ran as fast as ours."""
        return self._wall_first_s - self._wall_s < _STEADY_S

    def is_before(self, at: str, now: float) -> bool:
        """Return whether that kernel was running already at a time, by both clocks."""
        wall = wall_s(at)
        return (
            self._known
            and wall is not None
            and self._wall_s + self._slack_s < wall
            and self._own_s + self._slack_s < now
        )

    def is_after(self, at: str, now: float) -> bool:
        """Return whether that kernel booted after a time, by either clock."""
        wall = wall_s(at)
        if not self._known or wall is None:
            return False
        return self._wall_s - self._slack_s > wall or self._own_s - self._slack_s > now

    def matches(self, high_us: int | None, at: str) -> bool:
        """Return whether it is the kernel whose clock showed ``high_us`` at ``at``."""
        wall = wall_s(at)
        if not self._known or wall is None or high_us is None:
            return False
        return abs(self._wall_s - (wall - high_us / 1e6)) <= self._slack_s
