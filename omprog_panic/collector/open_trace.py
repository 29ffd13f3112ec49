"""A trace that is being recorded: its lines within bounds, and when it ends. Pure."""

from __future__ import annotations

import dataclasses
from collections import deque
from itertools import islice
from typing import NamedTuple

from omprog_panic.collector.start_mark import StartLines, StartMark
from omprog_panic.kernel.start_line import first_signature
from omprog_panic.model import EndReason, Severity
from omprog_panic.netconsole.stored import continued, note_elided

_MINOR = frozenset({Severity.WARNING, Severity.INFO})
# Start lines that prolong a trace: a host that oopses for ever is reported anyway.
_MAX_PROLONGED = 16
LINE_OVERHEAD = 64  # bytes that Python adds to a string in a list


@dataclasses.dataclass(frozen=True, slots=True)
class TraceLimits:
    """Every bound of a trace; what happens at each is said beside it."""

    context_records: int = 200  # older ones are forgotten
    silence_s: float = 10.0  # closed as "silence"
    kdump_silence_s: float = 5.0  # the same, when "Kdump: loaded" was seen
    settle_s: float = 2.0  # after "---[ end trace": closed as "end-trace", or "event"
    max_age_s: float = 60.0  # after the last start line: closed as "age"
    max_records: int = 5000  # the middle is cut, head and tail stay
    max_bytes: int = 1024 * 1024  # the same; the context may take a quarter of it


class ClosedTrace(NamedTuple):
    """A trace that ended: stored lines from the context to the last record."""

    lines: list[str]
    context: int
    end: EndReason
    panicked: bool
    elided_records: int = 0
    elided_bytes: int = 0
    begun_us: int | None = None  # the kernel's time of onset and last record
    ended_us: int | None = None
    # By these a repeat is recognised: its start lines, and its terminator.
    starts: tuple[StartMark, ...] = ()
    last: tuple[StartMark, ...] = ()


class TraceLines:
    """The lines of a trace: a head that stays, and a tail that moves when it is full.

    The first ``context`` lines of the head were printed before the onset.
    """

    __slots__ = (
        "context",
        "elided_bytes",
        "elided_records",
        "head",
        "head_bytes",
        "tail",
        "tail_bytes",
    )

    def __init__(self, context: list[str]) -> None:
        self.head = context
        self.head_bytes = sum(map(len, context))
        self.context = len(context)
        self.tail: deque[str] | None = None
        self.tail_bytes = 0
        self.elided_records = 0
        self.elided_bytes = 0

    def append(self, line: str, limits: TraceLimits) -> None:
        """Add a line; cut the middle where a limit is reached."""
        if self.tail is None:
            room = self.head_bytes + len(line) <= limits.max_bytes // 2
            room = room and len(self.head) < limits.max_records // 2
            if room or len(self.head) == self.context:  # the onset always stays
                self.head.append(line)
                self.head_bytes += len(line)
                return
            self.tail = deque()
        self.tail.append(line)
        self.tail_bytes += len(line)
        while (
            len(self.tail) > limits.max_records // 2
            or self.tail_bytes > limits.max_bytes // 2
        ):
            gone = self.tail.popleft()
            self.tail_bytes -= len(gone)
            self.elided_records += 1
            self.elided_bytes += len(gone)

    def amend_last(self, text: str) -> None:
        """Append a continuation to the newest line."""
        if self.tail:
            self.tail[-1] = continued(self.tail[-1], text)
            self.tail_bytes += len(text)
        else:
            self.head[-1] = continued(self.head[-1], text)
            self.head_bytes += len(text)

    def head_changed(self, index: int, added: int) -> None:
        """Count again after ``added`` lines were put into the head at ``index``."""
        self.head_bytes = sum(map(len, self.head))
        if index < self.context:
            self.context += added

    def newest(self, count: int) -> list[str]:
        """Return the newest lines of the tail, or of the head, oldest first."""
        if self.tail is None:
            return self.head[-count:]
        return list(islice(reversed(self.tail), count))[::-1]

    @property
    def last(self) -> str:
        """The newest line."""
        return (self.tail or self.head)[-1]

    def all(self) -> list[str]:
        """Return every line, with a note where the middle was cut."""
        if self.tail is None:
            return self.head
        cut = (
            [note_elided(self.elided_records, self.elided_bytes)]
            if self.elided_records
            else []
        )
        return [*self.head, *cut, *self.tail]

    @property
    def held_bytes(self) -> int:
        """About how many bytes of memory the lines take."""
        count = len(self.head) + len(self.tail or ())
        return self.head_bytes + self.tail_bytes + LINE_OVERHEAD * count


class OpenTrace:
    """The trace that is being recorded, and everything that decides when it ends."""

    __slots__ = (
        "age_at",
        "begun_us",
        "kdump",
        "last",
        "last_us",
        "lines",
        "panicked",
        "prolonged",
        "settle_at",
        "severity",
        "start_us",
        "starts",
    )

    def __init__(self, lines: TraceLines, severity: Severity) -> None:
        self.lines = lines
        self.severity = severity
        self.panicked = severity is Severity.PANIC
        self.kdump = False
        self.prolonged = 0
        self.settle_at: float | None = None
        self.age_at = 0.0
        self.last = 0.0
        self.last_us: int | None = None
        self.start_us: int | None = None
        self.begun_us: int | None = None
        self.starts = StartLines()

    def add(
        self, line: str, time_us: int | None, now: float, limits: TraceLimits
    ) -> None:
        """Append a record."""
        self.lines.append(line, limits)
        self.last = now
        # Never back: a record that was delayed must not make the next one late.
        if time_us is not None and (self.last_us is None or time_us > self.last_us):
            self.last_us = time_us

    def is_after_onset(self, time_us: int | None) -> bool:
        """Return whether a record was printed after the onset, or may have been."""
        return time_us is None or self.begun_us is None or time_us >= self.begun_us

    def is_separate(
        self,
        severity: Severity,
        time_us: int | None,
        now: float,
        limits: TraceLimits,
    ) -> bool:
        """Return whether a start line of this severity begins a report of its own.

        A panic belongs to what led to it. Within a report that is still being
        printed a start line is a consequence, or noise of netpoll itself.
        """
        if self.panicked or severity is Severity.PANIC:
            return False
        if self.settle_at is not None and self.severity in _MINOR:
            return True
        settle_s = limits.settle_s
        return now - self.last > settle_s or self._gap_s(time_us) > settle_s

    def prolong(
        self,
        severity: Severity,
        time_us: int | None,
        now: float,
        limits: TraceLimits,
    ) -> None:
        """Take a start line that belongs to this trace: it goes on for longer."""
        panic = severity is Severity.PANIC
        if panic:
            self.panicked = True
        elif self.panicked:
            return
        self.settle_at = None
        if panic or self.prolonged < _MAX_PROLONGED:
            self.prolonged += 1
            self.age_at = now + limits.max_age_s
            self.start_us = time_us if time_us is not None else self.start_us

    @property
    def is_event(self) -> bool:
        """Whether it is of an event that is no crash, e.g. of a file system."""
        if self.panicked or not self.starts.marks:
            return False
        signature = first_signature(self.starts.marks[0].text)
        return signature is not None and signature.role == "event"

    def _gap_s(self, time_us: int | None) -> float:
        """Return the seconds of the kernel's clock since the last record."""
        if time_us is None or self.last_us is None:
            return 0.0
        return (time_us - self.last_us) / 1e6

    def _silence_s(self, limits: TraceLimits) -> float:
        return limits.kdump_silence_s if self.kdump else limits.silence_s

    def ended_before(
        self, time_us: int | None, now: float, limits: TraceLimits
    ) -> EndReason | None:
        """Return why the trace had ended before a record of that time, if it had.

        The kernel's clock counts as well as ours: a replay, or a queue that was
        held up, brings an hour in one second.
        """
        gap_s = self._gap_s(time_us)
        if self.settle_at is not None and (
            now >= self.settle_at or gap_s > limits.settle_s
        ):
            return EndReason.EVENT if self.is_event else EndReason.END_TRACE
        silence_s = self._silence_s(limits)
        # The same sum as in deadline(): a rounded difference would never be due.
        if now >= self.last + silence_s or gap_s > silence_s:
            return EndReason.SILENCE
        if now >= self.age_at:
            return EndReason.AGE
        if time_us is not None and self.start_us is not None:
            age_s = (time_us - self.start_us) / 1e6
            return EndReason.AGE if age_s > limits.max_age_s else None
        return None

    def deadline(self, limits: TraceLimits) -> float:
        """Return when the trace ends if no further record comes."""
        silence_at = self.last + self._silence_s(limits)
        ends_at = silence_at if self.settle_at is None else self.settle_at
        return min(ends_at, silence_at, self.age_at)

    def closed(self, reason: EndReason) -> ClosedTrace:
        """Return the trace as it is when it ends now."""
        lines = self.lines
        return ClosedTrace(
            lines.all(),
            lines.context,
            reason,
            self.panicked,
            lines.elided_records,
            lines.elided_bytes,
            self.begun_us,
            self.last_us,
            tuple(self.starts.marks),
        )
