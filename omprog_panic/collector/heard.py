"""One record of a host, and whether it needs a thought. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from omprog_panic.collector.boot import SHUTDOWN, STARTED
from omprog_panic.collector.statement import PREFIX
from omprog_panic.kernel.start_line import START_KEYS, first_signature

TELLING_TEXTS = ("Linux version ", PREFIX, *SHUTDOWN)
TELLING = frozenset(text[:3] for text in TELLING_TEXTS)
# First characters of records that may be more than chatter.
NOTABLE = START_KEYS | TELLING | {STARTED[:3]}


class Heard(NamedTuple):
    """One whole record: as it is stored, and what it says.

    ``user``: a program wrote it to /dev/kmsg. Nobody can forge facility 0, so crash
    words of user space mean nothing.
    """

    line: str
    text: str
    time_us: int | None
    user: bool


def is_notable(text: str) -> bool:
    """Return whether a record means anything to a host that is well."""
    if text.startswith(TELLING_TEXTS) or text.startswith(STARTED):
        return True
    return first_signature(text) is not None


def seconds_between(before: str, after: str) -> float:
    """Return how long the host was silent; 0.0 when a time cannot be read."""
    try:
        pause = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    except (ValueError, TypeError):
        return 0.0
    return pause.total_seconds()
