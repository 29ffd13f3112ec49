"""One record of a host, and whether it can mean anything to a healthy one. Pure."""

from __future__ import annotations

from typing import NamedTuple

from omprog_panic.collector.burst import LOGGING_STARTED, SHUTDOWN_TEXTS
from omprog_panic.collector.client_message import PREFIX
from omprog_panic.kernel.start_line import first_signature
from omprog_panic.kernel.terminator import TERMINATOR_KEYS, terminator

HOST_TEXTS = ("Linux version ", PREFIX, *SHUTDOWN_TEXTS)
"""Beginnings of records that say something of the host itself."""
HOST_KEYS = frozenset(text[:3] for text in HOST_TEXTS)
NOTABLE_KEYS = HOST_KEYS | TERMINATOR_KEYS | {LOGGING_STARTED[:3]}
"""First three characters of records for which ``is_notable`` must be asked."""


class StreamRecord(NamedTuple):
    """One whole record: the line that is stored of it, and what it says.

    ``user``: a program wrote it to /dev/kmsg. Programs cannot forge facility 0, so
    the words of a crash mean nothing in such a record.
    """

    line: str
    text: str
    time_us: int | None
    user: bool

    @property
    def at(self) -> str:
        """When rsyslogd received it (RFC 3339)."""
        return self.line.partition("\t")[0]


def is_notable(text: str) -> bool:
    """Return whether a record is more than an ordinary line of a healthy host.

    It need not be asked unless the text begins with one of NOTABLE_KEYS or
    ``may_start`` says so, which is cheap.
    """
    if text.startswith(HOST_TEXTS) or text.startswith(LOGGING_STARTED):
        return True
    return first_signature(text) is not None or terminator(text) is not None
