"""Distinguishes a new boot of a host from a replay of its log buffer. Pure.

Both begin alike: ``Linux version``, or a clock and sequence numbers that fall back,
then hundreds of records within milliseconds. A static netconsole target replays the
whole log buffer whenever the module is loaded (CON_PRINTBUFFER). Only at the end of
that burst is it known whether it contained records of the boot that was heard before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.kernel.terminator import is_boot_banner

if TYPE_CHECKING:
    from collections.abc import Iterable

FALL_BACK_US = 3_000_000  # clocks of two CPUs differ by far less
BURST_PAUSE_S = 1.0  # a burst is over when no record came for so long
STARTED_PAUSE_S = 0.3  # the same, after "network logging started"
BURST_MAX_S = 5.0
REMEMBERED = 8  # newest records of the known boot that are searched for
LOGGING_STARTED = "netconsole: network logging started"
_STRAGGLERS = 64  # records that a network may delay at once; log buffers have more
_DOUBLED_WITHIN_S = 0.2
_STARTED_KEPT = 4
_UNTIMED_MATCHES = 3  # equal lines without time stamps that prove a replay

# Kernel time in microseconds and text: two boots hardly ever have the same pair.
Mark = tuple[int | None, str]

SHUTDOWN_TEXTS = (
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
_SHUTDOWN_STARTS = frozenset(text[:3] for text in SHUTDOWN_TEXTS)


def says_shutdown(text: str) -> bool:
    """Return whether the host announces its shutdown (kernel/reboot.c)."""
    return text[:3] in _SHUTDOWN_STARTS and text.startswith(SHUTDOWN_TEXTS)


class BootMemory:
    """What is kept of a boot to recognise its records.

    ``high_us`` is the highest kernel time so far, ``started`` the newest records
    "network logging started". The newest records of other texts are in the context
    or the trace anyway: they are passed to the :class:`Burst`.
    """

    __slots__ = ("high_us", "started")

    def __init__(
        self,
        high_us: int | None = None,
        started: tuple[Mark, ...] = (),
    ) -> None:
        self.high_us = high_us
        self.started = started

    def remember(self, time_us: int | None, text: str) -> None:
        """Take a record that the host sent live."""
        if time_us is not None and (self.high_us is None or time_us > self.high_us):
            self.high_us = time_us
        if text.startswith(LOGGING_STARTED):
            self.started = (*self.started, (time_us, text))[-_STARTED_KEPT:]

    def merge(self, replay: BootMemory) -> None:
        """Take over what a replay of the same boot showed."""
        self.high_us = max(self.high_us or 0, replay.high_us or 0)
        self.started = (*self.started, *replay.started)[-_STARTED_KEPT:]

    def is_boot_sign(self, time_us: int | None, text: str) -> bool:
        """Return whether a record cannot follow what was heard before."""
        high_us = self.high_us
        if (
            time_us is not None
            and time_us != 0
            and (high_us is None or time_us >= high_us)
        ):
            return False  # nearly every record
        return self.begins_anew(time_us, text)

    def begins_anew(self, time_us: int | None, text: str) -> bool:
        """Return whether a record cannot follow what was heard before."""
        if time_us is None:
            return is_boot_banner(text)
        if self.high_us is None:
            # The first record ever of this host comes from its log buffer.
            return time_us == 0
        if time_us + FALL_BACK_US < self.high_us:
            return True
        return time_us == 0 < self.high_us and is_boot_banner(text)


class Burst:
    """Counts the records since a boot sign, and recognises those of a known boot."""

    __slots__ = (
        "_count",
        "_high_us",
        "_last",
        "_marks",
        "_matched",
        "_newest_us",
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
        # Not sure: a clock that falls back may be a datagram that the network delayed.
        self._sure = sure
        self._high_us = memory.high_us
        self._count = 0
        # Only what no other boot can repeat: hundreds of records have the time 0.
        self._marks = {m for m in (*newest, *memory.started) if m[0] != 0 and m[1]}
        self._matched = 0
        self._newest_us = -1
        self._since = now
        self._last = now
        self._started = False

    def feed(self, time_us: int | None, text: str, now: float) -> None:
        """Take a record of the burst."""
        self._last = now
        self._count += 1
        if time_us is not None and time_us > self._newest_us:
            self._newest_us = time_us
        mark = (time_us, text)
        if mark in self._marks:
            self._marks.discard(mark)
            self._matched += 1 if time_us is None else _UNTIMED_MATCHES
        if text.startswith(LOGGING_STARTED):
            self._started = True

    def is_straggler(self, time_us: int | None) -> bool:
        """Return whether the network only delayed the few records so far.

        It did if the host goes on where it was before them.
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
    def is_empty(self) -> bool:
        """Whether no record was taken yet."""
        return self._count == 0

    @property
    def is_known(self) -> bool:
        """Whether records of the known boot were among them."""
        return self._matched >= _UNTIMED_MATCHES

    @property
    def is_too_little(self) -> bool:
        """Whether the burst ended without anything that only a boot brings."""
        return not self._sure and self._count <= _STRAGGLERS

    def is_older(self, now: float) -> bool:
        """Return whether a second banner is another boot, not a doubled datagram."""
        return now - self._since > _DOUBLED_WITHIN_S

    @property
    def is_replay(self) -> bool:
        """Whether the burst is a replay of the known boot.

        Without a pause before the burst the machine cannot have booted.
        """
        if self.is_known:
            return True
        return not self._sure and self._count > _STRAGGLERS

    @property
    def shows_more(self) -> bool:
        """Whether it goes beyond what was heard of the known boot.

        A replay does: the kernel prints a record when it loads the module.
        """
        return self._high_us is None or self._newest_us > self._high_us

    def deadline(self) -> float:
        """Return when the burst is over if no further record comes."""
        pause_s = STARTED_PAUSE_S if self._started else BURST_PAUSE_S
        return min(self._last + pause_s, self._since + BURST_MAX_S)
