"""Values that every package uses: records, severities, reasons why a trace ended.

Pure; standard library only, because the collector imports it.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Severity(enum.Enum):
    """How severe an incident is; members are ordered from worst to least."""

    PANIC = "panic"
    OOPS = "oops"
    LOCKUP = "lockup"
    HARDWARE = "hardware"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """The position in that order; 0 is the worst."""
        return _RANK[self]


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class EndReason(enum.Enum):
    """Why the collector ended a trace; every incident has one."""

    TERMINATOR = "terminator"  # ---[ end Kernel panic
    REBOOTING = "rebooting"  # Rebooting in N seconds..
    END_TRACE = "end-trace"  # ---[ end trace, and the settling time after it
    EVENT = "event"  # an event that is no crash, and the settling time after it
    SILENCE = "silence"  # nothing more arrived
    REBOOT = "reboot"  # the same host rebooted
    NEXT_REPORT = "next-report"  # a new, separate report of the same host began
    AGE = "age"  # max_age after the last start or panic line
    EVICTED = "evicted"  # too many hosts, and this one was silent longest
    SHUTDOWN = "shutdown"  # the collector had to discard its state


# After these, the end of the trace cannot be missing.
COMPLETE_ENDINGS = frozenset(
    {EndReason.TERMINATOR, EndReason.REBOOTING, EndReason.END_TRACE},
)


class Record(NamedTuple):
    """A printk record, or a notice that records are missing.

    ``text`` has no prefix and no final line feed; a record of several lines keeps
    its inner line feeds. ``time_us`` is the kernel's clock in microseconds since
    boot. ``at`` is when rsyslogd received the datagram (RFC 3339). ``facility`` 0
    is the kernel itself. If ``lost`` is not 0, this is a gap notice: so many records
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
