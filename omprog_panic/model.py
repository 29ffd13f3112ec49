"""Values that every part uses: the record, and the words for severity and ending.

Pure; standard library only, because the collector imports it.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Severity(enum.Enum):
    """How bad an incident is; the order of the members is worst first."""

    PANIC = "panic"
    OOPS = "oops"
    LOCKUP = "lockup"
    HARDWARE = "hardware"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANK[self]


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class EndReason(enum.Enum):
    """Why the collector closed a trace; every incident carries one."""

    TERMINATOR = "terminator"  # ---[ end Kernel panic
    REBOOTING = "rebooting"  # Rebooting in N seconds..
    END_TRACE = "end-trace"  # ---[ end trace, and the settling time after it
    SILENCE = "silence"  # nothing more was heard
    REBOOT = "reboot"  # the same host booted again
    NEXT_REPORT = "next-report"  # a new, separate report of the same host began
    AGE = "age"  # max_age after the last start or panic line
    EVICTED = "evicted"  # too many hosts: this one was silent longest
    SHUTDOWN = "shutdown"  # the collector was told to give up its state


# Endings after which nothing more of this crash can be missing at the end.
COMPLETE_ENDINGS = frozenset(
    {EndReason.TERMINATOR, EndReason.REBOOTING, EndReason.END_TRACE},
)


class Record(NamedTuple):
    """One printk record, or a note that some are missing.

    ``text`` has no prefix and no final line feed; a record of several lines keeps
    its inner line feeds. ``time_us`` is the kernel's clock in microseconds since
    boot. ``at`` is when rsyslogd took the datagram (RFC 3339). ``facility`` 0 is
    the kernel itself. ``lost`` above 0 makes this a gap notice: so many records
    are missing here (-1: an unknown number), and ``text`` says why.
    """

    text: str
    time_us: int | None = None
    sequence: int | None = None
    level: int | None = None
    facility: int | None = None
    caller: str | None = None
    at: str = ""
    keys: dict[str, str] | None = None  # dictionary, userdata and sysdata lines
    lost: int = 0
