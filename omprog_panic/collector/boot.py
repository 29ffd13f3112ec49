"""Tells a new boot of a host from a replay of its log buffer. Pure.

Both begin alike: ``Linux version`` or a clock and a sequence that fall back, then
hundreds of records within milliseconds. A static netconsole target replays the
whole ring whenever the module is loaded (CON_PRINTBUFFER); only at the end of that
burst one knows whether it held records of the boot that we had heard before.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from omprog_panic.kernel.terminator import is_boot_banner

if TYPE_CHECKING:
    from collections.abc import Iterable

FALL_BACK_US = 3_000_000  # clocks of two CPUs differ by far less
BURST_PAUSE_S = 1.0  # a burst is over when nothing came for so long
STARTED_PAUSE_S = 0.3  # the same, after "network logging started"
BURST_MAX_S = 5.0
REMEMBERED = 8  # newest records of the known boot that are looked for
STARTED = "netconsole: network logging started"
_STRAGGLERS = 64  # records that a network may hold up at once; a ring has hundreds
_DOUBLED_WITHIN_S = 0.2
_UNTIMED_MATCHES = 3  # without time stamps one equal line proves nothing

# Time in microseconds and text: equal ones of two boots are next to impossible.
Mark = tuple[int | None, str]

SHUTDOWN = (
    "reboot: Restarting system",
    "reboot: Power down",
    "reboot: System halted",
    "reboot: machine restart",
    "Restarting system",
    "Power down.",
    "System halted.",
    "kexec_core: Starting new kernel",
    "omprog-panic: farewell",
)
SHUTDOWN_STARTS = frozenset(text[:3] for text in SHUTDOWN)


def says_shutdown(text: str) -> bool:
    """Return whether the host announces that it goes down (kernel/reboot.c)."""
    return text[:3] in SHUTDOWN_STARTS and text.startswith(SHUTDOWN)


class BootMemory:
    """What is kept of a boot to know its records again.

    The newest records stand in the context or the trace anyway: whoever begins a
    :class:`Burst` brings them.
    """

    __slots__ = ("high_us", "started")

    def __init__(self) -> None:
        self.high_us: int | None = None
        self.started: deque[Mark] = deque(maxlen=4)

    def remember(self, time_us: int | None, text: str) -> None:
        """Take a record that the host sent live."""
        if time_us is not None and (self.high_us is None or time_us > self.high_us):
            self.high_us = time_us
        if text.startswith(STARTED):
            self.started.append((time_us, text))

    def begins_anew(self, time_us: int | None, text: str) -> bool:
        """Return whether this record cannot follow what was heard."""
        if time_us is None:
            return is_boot_banner(text)
        if self.high_us is None:
            # The first that we ever hear of this host is its log buffer.
            return time_us == 0
        if time_us + FALL_BACK_US < self.high_us:
            return True
        return time_us == 0 < self.high_us and is_boot_banner(text)

    def dump(self) -> dict[str, Any]:
        """Write down this memory as JSON can hold it."""
        return {
            "high_us": self.high_us,
            "started": list(self.started),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`dump` wrote."""
        self.high_us = state["high_us"]
        self.started.extend((time_us, text) for time_us, text in state["started"])


class Burst:
    """The records since a boot sign, until it is clear what they are."""

    __slots__ = (
        "_count",
        "_high_us",
        "_last",
        "_marks",
        "_matched",
        "_since",
        "_started",
        "_sure",
        "first_at",
    )

    def __init__(
        self,
        memory: BootMemory,
        newest: Iterable[Mark],
        at: str,
        now: float,
        *,
        sure: bool,
    ) -> None:
        self.first_at = at
        # A clock that falls back may be a datagram that the network held up.
        self._sure = sure
        self._high_us = memory.high_us
        self._count = 0
        # Only what no other boot can repeat: hundreds of records share the time 0.
        self._marks = {m for m in (*newest, *memory.started) if m[0] != 0 and m[1]}
        self._matched = 0
        self._since = now
        self._last = now
        self._started = False

    def feed(self, time_us: int | None, text: str, now: float) -> None:
        """Take a record of the burst."""
        self._last = now
        self._count += 1
        mark = (time_us, text)
        if mark in self._marks:
            self._marks.discard(mark)
            self._matched += 1 if time_us is None else _UNTIMED_MATCHES
        if text.startswith(STARTED):
            self._started = True

    def is_straggler(self, time_us: int | None) -> bool:
        """Return whether the few records so far were only held up by the network.

        So it is when the host goes on where it was before them.
        """
        return not self._sure and self._count <= _STRAGGLERS and self.resumes(time_us)

    def resumes(self, time_us: int | None) -> bool:
        """Return whether a record could follow what was heard before the burst."""
        return (
            time_us is not None
            and self._high_us is not None
            and time_us + FALL_BACK_US >= self._high_us
        )

    @property
    def is_known(self) -> bool:
        """Whether records of the boot that was known before came again."""
        return self._matched >= _UNTIMED_MATCHES

    @property
    def is_too_little(self) -> bool:
        """Whether this ended without anything that only a boot brings."""
        return not self._sure and self._count <= _STRAGGLERS

    def is_older(self, now: float) -> bool:
        """Return whether a second banner is another boot and not the same one twice."""
        return now - self._since > _DOUBLED_WITHIN_S

    @property
    def is_replay(self) -> bool:
        """Whether the burst repeats the boot that was known before.

        Without a pause before it no machine can have booted.
        """
        if self.is_known:
            return True
        return not self._sure and self._count > _STRAGGLERS

    def deadline(self) -> float:
        """Return when the burst is over if nothing more comes."""
        pause_s = STARTED_PAUSE_S if self._started else BURST_PAUSE_S
        return min(self._last + pause_s, self._since + BURST_MAX_S)
