"""From lines to incidents: what starts one, what belongs to it, what ends it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omprog_panic.kernel.panic import led_to
from omprog_panic.kernel.signature import (
    STARTS,
    TERMINATOR_STARTS,
    Found,
    Terminator,
    find_info,
    find_signature,
    is_boot_banner,
    terminator,
)
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from omprog_panic.kernel.line import Line

MAX_LINES = 5_000
"""Lines kept of one incident; later ones only move its last line."""
MAX_TEXT = 1024 * 1024
"""Characters kept of one incident."""
MAX_OPEN = 32
"""Incidents open at once, one a caller; the oldest is closed for a new one."""
MAX_SETTLING = 16
"""Closed incidents that a later panic line may still belong to."""
QUIET_US = 30_000_000
"""An incident to which nothing was added for so long is closed."""
SETTLE_US = 120_000_000
"""How long after its last line a panic may still be laid to an incident."""
SETTLE_LINES = 20_000
"""The same for a log without time stamps."""
SETTLE_EVERY = 64
"""Lines between two looks at what has settled."""
TAIL_LINES = 30
"""What may follow ``---[ end trace``: registers, a note, the panic line."""
BACKWARD_US = 5_000_000
"""Time stamps that fall by more belong to a new boot."""
MAX_SEEN = 256
"""Start lines remembered, to know a replay of the log buffer by."""

# Old kernels send a line in pieces, each a packet: these are not yet a whole line.
_HALF = re.compile(
    r"(?:BUG: )?[Uu]nable to handle (?:kernel)? *$|"
    r"(?:RIP|EIP|IP|Code|NIP)\b:?(?: ?[0-9a-f]{4}:)?(?: *\[<[0-9a-f]+>\])* *$",
)
# What such a piece is continued with, where a program's line could stand as well.
_REST = re.compile(r"\[<|[\w.]+\+0x|NULL pointer|paging request|at |[0-9a-f<]{2}\b")
MARKED = STARTS | TERMINATOR_STARTS | {"Lin"}
"""First three characters of every line that changes the state of a scanner."""
_NUMBER = re.compile(r"\[#(\d+)\]")
_ASKS_OTHERS = re.compile(r"Sending NMI from CPU|INFO: rcu|rcu: INFO|.*LOCKUP|.*lockup")
# Reports of these kinds come as several start lines in a row.
_RUNS_ON = frozenset({"machine-check", "rcu-stall", "nmi"})
_FATAL = frozenset({Severity.OOPS, Severity.PANIC, Severity.HARDWARE})


class Incident:
    """The lines of one report while they come in."""

    def __init__(self, line: Line, found: Found) -> None:
        self.found = found
        self.caller = line.caller
        self.stamped = line.stamped
        self.time_us = line.time_us
        self.first_line = line.number
        self.last_time_us = line.time_us
        self.last_number = line.number
        self.texts: list[str] = []
        self.numbers: list[int] = []
        self.size = 0
        self.panic: str | None = None
        self.panic_at = -1  # index into texts
        self.panic_line = 0  # its number
        self.ended_at: int | None = None  # line number of ---[ end trace
        self.died: str | None = None  # the N of [#N]
        self.asks_others = False
        self.interrupted_by: Incident | None = None
        self.boot = 0
        self.add(line)

    @property
    def kind(self) -> str:
        return self.found.row.kind

    def add(self, line: Line) -> None:
        """Take a line in; above the limits only its number counts."""
        number, text, time_us = line[:3]
        self.last_number = number
        if time_us is not None:
            self.last_time_us = time_us
        if len(self.texts) < MAX_LINES and self.size < MAX_TEXT:
            self.texts.append(text)
            self.numbers.append(number)
            self.size += len(text)
            if text.startswith("Sending NMI"):
                self.asks_others = True

    def wants(self, line: Line) -> bool:
        """Return whether the line taken last is half a line, and this one its rest."""
        if not self.texts or not _HALF.match(self.texts[-1]):
            return False
        return line.stamped or _REST.match(line.text.lstrip()) is not None

    def complete_start(self, line: Line) -> None:
        """Put the rest of a start line that came in pieces where it belongs."""
        whole = f"{self.texts[0].rstrip()} {line.text.strip()}"
        found = find_signature(whole)
        if found is None:
            self.add(line)
            return
        self.found = found
        self.texts[0] = whole
        self.last_number = line.number

    def take_panic(self, line: Line, text: str) -> None:
        """Note that this incident ended in a panic."""
        if self.panic is None:
            self.panic = text
            self.panic_at = len(self.texts)
            self.panic_line = line.number
        self.add(line)

    def continues(self, found: Found, line: Line) -> bool:
        """Return whether a start line only goes on with this report."""
        row = found.row
        if self.stamped and not line.stamped:
            return True  # a program's echo of a kernel line
        if self.ended_at is not None:
            return row.role == "detail"
        if row.role == "detail" or (row.kind in _RUNS_ON and row.kind == self.kind):
            return True
        if row.role == "die" and self.found.row.severity in _FATAL:
            number = _NUMBER.search(line.text)
            previous, self.died = self.died, number.group(1) if number else self.died
            return previous is None or previous == self.died
        return False

    def renamed_by(self, found: Found) -> bool:
        """Return whether this report's first line was only the lead-in of ``found``."""
        return (
            self.found.row.role == "prelude"
            and len(self.texts) <= TAIL_LINES
            and found.row.severity in {Severity.OOPS, Severity.PANIC, Severity.WARNING}
        )


class Scanner:
    """Finds the incidents of a text; ``finished`` grows as they are settled."""

    def __init__(self) -> None:
        self.finished: list[Incident] = []
        self._open: dict[str | None, Incident] = {}
        self._settling: list[Incident] = []
        self._latest_us = 0
        self._seen: dict[tuple[int, str], None] = {}
        self._panicked = False  # in this boot
        self._boots = 0
        self._settle_at = 0  # the line at which to look for settled ones again

    @property
    def is_open(self) -> bool:
        """Return whether a plain line could belong to something."""
        return bool(self._open)

    def feed(self, line: Line) -> None:
        """Take the next line."""
        time_us = line.time_us
        if time_us is not None:
            if time_us >= self._latest_us:
                self._latest_us = time_us
            elif time_us + BACKWARD_US < self._latest_us:
                self._boot()
                self._latest_us = time_us
        if line.text[:3] in MARKED and not line.foreign:
            self._marked(line)
        else:
            self._plain(line)
        if self._settling and line.number >= self._settle_at:
            self._settle(line)

    def close(self) -> None:
        """Settle everything: the text is at its end."""
        self._boot()

    # --- lines that mean something ----------------------------------------------

    def _marked(self, line: Line) -> None:
        found = find_signature(line.text)
        if found is not None:
            self._start(line, found)
        elif (end := terminator(line.text)) is not None:
            self._end(line, end)
        elif is_boot_banner(line.text):
            self._boot()
        else:
            self._plain(line)

    def _plain(self, line: Line) -> None:
        if self._open:
            self._add(line)
            if line.caller in self._open:
                return
        if not line.foreign and (info := find_info(line.text)) is not None:
            self._begin(line, info)

    def _start(self, line: Line, found: Found) -> None:
        current = self._open.get(line.caller)
        if self._is_replay(line):
            self._panicked = self._panicked or found.row.kind == "panic"
            return
        if found.row.kind == "panic" and found.row.role == "":
            self._panic(line, found, current)
        elif current is not None and current.renamed_by(found):
            current.found = found
            current.add(line)
        elif current is not None and current.continues(found, line):
            current.add(line)
        else:
            self._begin(line, found)

    def _begin(self, line: Line, found: Found) -> Incident:
        incident = Incident(line, found)
        if line.caller in self._open:
            self._open[line.caller].interrupted_by = incident
            self._close(line.caller)
        elif len(self._open) >= MAX_OPEN:
            self._close(next(iter(self._open)))
        self._open[line.caller] = incident
        incident.boot = self._boots
        incident.asks_others = _ASKS_OTHERS.match(line.text) is not None
        number = _NUMBER.search(line.text)
        incident.died = number.group(1) if number else None
        return incident

    def _is_replay(self, line: Line) -> bool:
        if line.time_us is None:
            return False
        key = (line.time_us, line.text)
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        return False

    def _panic(self, line: Line, found: Found, current: Incident | None) -> None:
        known = [
            incident
            for incident in (*self._settling, *self._open.values())
            if not _is_stale(incident, line)
        ]
        already = next((i for i in known if i.panic is not None), None)
        if current is not None and current.found.row.role == "prelude":
            current.found = found
            current.take_panic(line, line.text)
        elif already is not None:
            already.add(line)
        elif (cause := led_to(line, known)) is not None:
            self._reopen(cause, line)
            cause.take_panic(line, line.text)
        else:
            incident = self._begin(line, found)
            incident.panic, incident.panic_line = line.text, line.number
        self._panicked = True

    def _reopen(self, incident: Incident, line: Line) -> None:
        """Let what the panic prints go to the incident that led to it."""
        if incident in self._settling:
            self._settling.remove(incident)
        else:
            self._open = {c: i for c, i in self._open.items() if i is not incident}
        if line.caller in self._open:
            self._close(line.caller)
        incident.ended_at = None
        self._open[line.caller] = incident

    def _end(self, line: Line, end: Terminator) -> None:
        current = self._open.get(line.caller)
        if end is Terminator.END_TRACE:
            if current is not None:
                current.add(line)
                current.ended_at = line.number
            return
        known = [*self._settling, *self._open.values()]
        dead = next((i for i in reversed(known) if i.panic is not None), None)
        if dead is not None:
            dead.add(line)
        elif end is Terminator.END_PANIC and not self._panicked:
            self._panic_of_end(line)
        if self._panicked:
            for caller in list(self._open):
                self._close(caller)

    def _panic_of_end(self, line: Line) -> None:
        text = line.text.removeprefix("---[ end ").removesuffix(" ]---")
        found = find_signature(text)
        if found is not None:
            self._panic(line._replace(text=text), found, self._open.get(line.caller))

    # --- lines that only belong ---------------------------------------------------

    def _add(self, line: Line) -> None:
        incident = self._open.get(line.caller)
        if incident is None:
            incident = self._asker(line)
            if incident is None:
                return
        if line.foreign:
            return
        if incident.stamped and not line.stamped and not incident.wants(line):
            return  # a program's line between those of the kernel
        if len(incident.texts) == 1 and incident.wants(line):
            incident.complete_start(line)
        elif self._is_over(incident, line):
            self._close(
                incident.caller if incident.caller in self._open else line.caller
            )
        else:
            incident.add(line)

    def _asker(self, line: Line) -> Incident | None:
        """Find the incident that asked other processors for their stacks."""
        if line.caller is not None and line.caller.startswith("C"):
            return next((i for i in self._open.values() if i.asks_others), None)
        return None

    @staticmethod
    def _is_over(incident: Incident, line: Line) -> bool:
        ended = incident.ended_at
        if ended is not None and line.number > ended + TAIL_LINES:
            return True
        if line.time_us is None or incident.last_time_us is None:
            return False
        return line.time_us - incident.last_time_us > QUIET_US

    # --- endings --------------------------------------------------------------------

    def _close(self, caller: str | None) -> None:
        self._settling.append(self._open.pop(caller))
        if len(self._settling) > MAX_SETTLING:
            self.finished.append(self._settling.pop(0))

    def _settle(self, line: Line) -> None:
        self._settle_at = line.number + SETTLE_EVERY
        if _is_stale(self._settling[0], line):
            self.finished.append(self._settling.pop(0))

    def _boot(self) -> None:
        for caller in list(self._open):
            self._close(caller)
        self.finished.extend(self._settling)
        self._settling.clear()
        self._panicked = False
        self._boots += 1


def _is_stale(incident: Incident, line: Line) -> bool:
    """Return whether nothing in ``line`` can have come of this incident any more."""
    if line.time_us is not None and incident.last_time_us is not None:
        return line.time_us > incident.last_time_us + SETTLE_US
    return line.number > incident.last_number + SETTLE_LINES
