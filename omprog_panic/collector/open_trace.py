"""A report that is being recorded: its lines within bounds, when it ends. Pure."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any, NamedTuple, Self

from omprog_panic.model import EndReason, Severity
from omprog_panic.netconsole.stored import note_elided


@dataclasses.dataclass(frozen=True, slots=True)
class TraceLimits:
    """Every bound of a trace; what happens at each is said beside it."""

    context_records: int = 200  # older ones are forgotten
    silence_s: float = 10.0  # closed as "silence"
    kdump_silence_s: float = 5.0  # the same, when "Kdump: loaded" was seen
    settle_s: float = 2.0  # after "---[ end trace": closed as "end-trace"
    max_age_s: float = 60.0  # after the last start line: closed as "age"
    max_records: int = 5000  # the middle is cut, head and tail stay
    max_bytes: int = 1024 * 1024  # the same; the context may take a quarter of it


class ClosedTrace(NamedTuple):
    """A report that ended: stored lines from the context to the last word."""

    lines: list[str]
    context: int
    end: EndReason
    panicked: bool
    elided_records: int = 0
    elided_bytes: int = 0
    begun_us: int | None = None  # the kernel's time of onset and last record
    ended_us: int | None = None


class OpenTrace:
    """The open trace: a head that stays, and a tail that moves when it is full."""

    __slots__ = (
        "age_at",
        "begun_us",
        "context",
        "elided_bytes",
        "elided_records",
        "head",
        "head_bytes",
        "kdump",
        "last",
        "last_us",
        "panicked",
        "prolonged",
        "settle_at",
        "severity",
        "start_us",
        "tail",
        "tail_bytes",
    )

    def __init__(self, context: list[str], severity: Severity) -> None:
        self.head = context
        self.head_bytes = sum(map(len, context))
        self.context = len(context)
        self.tail: deque[str] | None = None
        self.tail_bytes = 0
        self.elided_records = 0
        self.elided_bytes = 0
        self.severity = severity
        self.panicked = False
        self.kdump = False
        self.prolonged = 0
        self.settle_at: float | None = None
        self.age_at = 0.0
        self.last = 0.0
        self.last_us: int | None = None
        self.start_us: int | None = None
        self.begun_us: int | None = None

    def append(self, line: str, limits: TraceLimits) -> None:
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

    def lines(self) -> list[str]:
        if self.tail is None:
            return self.head
        cut = (
            [note_elided(self.elided_records, self.elided_bytes)]
            if self.elided_records
            else []
        )
        return [*self.head, *cut, *self.tail]

    def take(
        self, line: str, time_us: int | None, now: float, limits: TraceLimits
    ) -> None:
        """Append a record."""
        self.append(line, limits)
        self.last = now
        # Never back: a record that was held up must not make the next one late.
        if time_us is not None and (self.last_us is None or time_us > self.last_us):
            self.last_us = time_us

    def gap_s(self, time_us: int | None) -> float:
        """Return the seconds of the kernel's clock since the last record."""
        if time_us is None or self.last_us is None:
            return 0.0
        return (time_us - self.last_us) / 1e6

    def _silence_s(self, limits: TraceLimits) -> float:
        return limits.kdump_silence_s if self.kdump else limits.silence_s

    def ended_before(
        self, time_us: int | None, now: float, limits: TraceLimits
    ) -> EndReason | None:
        """Return why the trace had ended before a record of that time.

        The kernel's clock counts as well as ours: a replay, or a queue that was
        held up, brings an hour in one second.
        """
        gap_s = self.gap_s(time_us)
        if self.settle_at is not None and (
            now >= self.settle_at or gap_s > limits.settle_s
        ):
            return EndReason.END_TRACE
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
        """Return when it ends if nothing more is heard."""
        silence_at = self.last + self._silence_s(limits)
        ends_at = silence_at if self.settle_at is None else self.settle_at
        return min(ends_at, silence_at, self.age_at)

    def closed(self, reason: EndReason) -> ClosedTrace:
        """Return what it is when it ends now."""
        return ClosedTrace(
            self.lines(),
            self.context,
            reason,
            self.panicked,
            self.elided_records,
            self.elided_bytes,
            self.begun_us,
            self.last_us,
        )

    def dump(self) -> dict[str, Any]:
        """Write it down as JSON can hold it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["severity"] = self.severity.value
        fields["tail"] = None if self.tail is None else list(self.tail)
        return fields

    @classmethod
    def load(cls, fields: dict[str, Any]) -> Self:
        """Take up what :meth:`dump` wrote."""
        trace = cls([], Severity(fields.pop("severity")))
        tail = fields.pop("tail")
        trace.tail = None if tail is None else deque(tail)
        for name, value in fields.items():
            setattr(trace, name, value)
        return trace
