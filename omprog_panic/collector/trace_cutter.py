"""Cuts one host's records into context and traces. Pure.

It decides only where a trace begins and ends; what crashed is decided by
:mod:`omprog_panic.kernel.analysis`. Lines are opaque here (netconsole/stored.py makes
them); the text and the kernel's time of each are passed beside it. The endings come
from kernel/panic.c and arch/*/kernel/dumpstack.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.collector.ended_traces import FINAL_LINES, EndedTraces
from omprog_panic.collector.open_trace import (
    LINE_OVERHEAD,
    ClosedTrace,
    OpenTrace,
    TraceLimits,
    TraceLines,
)
from omprog_panic.collector.start_mark import StartMark, start_mark
from omprog_panic.kernel.start_line import first_signature, may_start
from omprog_panic.kernel.terminator import (
    TERMINATOR_KEYS,
    Terminator,
    says_kdump_loaded,
    terminator,
)
from omprog_panic.model import EndReason, Severity
from omprog_panic.netconsole.stored import (
    continued,
    hole,
    note_hole,
    packet_of,
)

if TYPE_CHECKING:
    from omprog_panic.kernel.signature import Signature

_NOTABLE_KEYS = TERMINATOR_KEYS | {"CPU"}
_CONTEXT_SLACK = 64  # records by which the context may exceed its limit
_FILLED_WITHIN = 600  # newest lines in which the hole of a late record is searched


class TraceCutter:
    """Holds the context of one host and its open trace.

    ``feed`` and ``tick`` return the traces that they closed; ``deadline`` says when
    ``tick`` must be called next.
    """

    __slots__ = (
        "_limits",
        "context",
        "ended",
        "trace",
    )

    def __init__(self, limits: TraceLimits) -> None:
        self._limits = limits
        # A list that is cut now and then takes a quarter of a deque's memory: most
        # hosts of a forged flood send one record.
        self.context: list[str] = []
        self.trace: OpenTrace | None = None
        self.ended = EndedTraces()

    @property
    def held_bytes(self) -> int:
        """About how many bytes of memory the context and the open trace take."""
        lines = self.context
        held = sum(map(len, lines)) + LINE_OVERHEAD * len(lines)
        return held if self.trace is None else held + self.trace.lines.held_bytes

    @property
    def panicked(self) -> bool:
        """Whether the open trace contains a panic line."""
        return self.trace is not None and self.trace.panicked

    # --- records -------------------------------------------------------------

    def feed(
        self,
        line: str,
        text: str,
        time_us: int | None,
        now: float,
    ) -> list[ClosedTrace] | None:
        """Take one record; None stands for an empty list."""
        trace = self.trace
        if trace is None:
            if may_start(text):
                signature = first_signature(text)
                if signature is not None:
                    panic = signature.severity is Severity.PANIC
                    mark = start_mark(line, text, time_us, panic=panic)
                    if not self.ended.is_late(mark, now):
                        self._begin(signature, mark, line, now)
                        return None
            if text[:3] in TERMINATOR_KEYS:
                return self._feed_last_line(line, text, time_us, now)
            self.remember(line)
            return None
        reason = trace.ended_before(time_us, now, self._limits)
        if reason is not None:
            closed = [self._close(trace, reason)]
            return closed + (self.feed(line, text, time_us, now) or [])
        return self._continue(trace, line, text, time_us, now)

    def _feed_last_line(
        self, line: str, text: str, time_us: int | None, now: float
    ) -> list[ClosedTrace] | None:
        """Take a terminator, or a line that looks like one, while no trace is open.

        It may be the end of a panic that was never heard, or whose trace was closed by
        a forged terminator: what was received since then is an incident of its own.
        """
        ending = terminator(text)
        last = start_mark(line, text, time_us, panic=True)
        if (
            ending is None
            or ending not in FINAL_LINES
            or self.ended.has_end(last, ending, self._limits.max_age_s)
        ):
            self.remember(line)
            return None
        trace = self._open(Severity.PANIC, line, time_us, now)
        trace.starts.marks.append(last)
        self.ended.note_end(last, trace.last_us, now, has_panic=False)
        return [self._close(trace, FINAL_LINES[ending])]

    def remember(self, line: str) -> None:
        """Keep a line as context of a possible trace."""
        context = self.context
        context.append(line)
        limit = self._limits.context_records
        if len(context) > limit + _CONTEXT_SLACK:
            del context[:-limit]

    def feed_user(self, line: str, time_us: int | None, now: float) -> None:
        """Take a record of user space: it cannot begin or end a trace."""
        if self.trace is None:
            self.remember(line)
        else:
            self.trace.add(line, time_us, now, self._limits)

    def _begin(
        self,
        signature: Signature,
        mark: StartMark,
        line: str,
        now: float,
    ) -> None:
        trace = self._open(signature.severity, line, mark.time_us, now)
        trace.starts.add(mark)
        if signature.role == "event":
            trace.settle_at = now + self._limits.settle_s

    def _open(
        self, severity: Severity, line: str, time_us: int | None, now: float
    ) -> OpenTrace:
        lines = TraceLines(_newest_context(self.context, self._limits))
        trace = self.trace = OpenTrace(lines, severity)
        self.context = []
        trace.start_us = trace.begun_us = time_us
        trace.age_at = now + self._limits.max_age_s
        trace.add(line, time_us, now, self._limits)
        return trace

    def _continue(
        self,
        trace: OpenTrace,
        line: str,
        text: str,
        time_us: int | None,
        now: float,
    ) -> list[ClosedTrace] | None:
        limits = self._limits
        if text[:3] not in _NOTABLE_KEYS and not may_start(text):
            trace.add(line, time_us, now, limits)
            return None
        signature = first_signature(text)
        if signature is not None and signature.role == "event":
            # An event is no crash: it belongs to whatever report is open.
            if trace.is_event:
                trace.settle_at = now + limits.settle_s
        elif signature is not None:
            panic = signature.severity is Severity.PANIC
            mark = start_mark(line, text, time_us, panic=panic)
            if trace.is_separate(signature.severity, time_us, now, limits) or (
                not panic and signature.role != "detail" and trace.is_event
            ):
                closed = self._close(trace, EndReason.NEXT_REPORT)
                self._begin(signature, mark, line, now)
                return [closed]
            trace.prolong(signature.severity, time_us, now, limits)
            trace.starts.add(mark)
        trace.add(line, time_us, now, limits)
        ending = terminator(text)
        if (ending is Terminator.END_PANIC and trace.starts.all_end_with(text)) or (
            ending is Terminator.REBOOTING and trace.panicked
        ):
            last = start_mark(line, text, time_us, panic=False)
            return [self._close_at(trace, FINAL_LINES[ending], last, now)]
        if ending is Terminator.END_TRACE and not trace.panicked:
            trace.settle_at = now + limits.settle_s
        elif says_kdump_loaded(text):
            trace.kdump = True
        return None

    def amend(self, text: str, now: float) -> list[ClosedTrace] | None:
        """Append a continuation to the last record, which must not be a note."""
        trace = self.trace
        if trace is not None:
            trace.lines.amend_last(text)
            trace.last = now
            return None
        if not self.context:
            return None
        line = continued(self.context.pop(), text)
        packet = packet_of(line)
        if now < self.ended.late_until or packet.is_user:
            self.remember(line)
            return None
        # The first piece alone may not have shown what this line is.
        return self.feed(line, packet.body, packet.time_us, now)

    def newest(self, count: int) -> list[str]:
        """Return the newest lines, of the trace or of the context, oldest first."""
        if self.trace is None:
            return self.context[-count:]
        return self.trace.lines.newest(count)

    def last_line(self) -> str | None:
        """Return the newest line, of the trace or of the context."""
        if self.trace is not None:
            return self.trace.lines.last
        return self.context[-1] if self.context else None

    def note(self, line: str) -> None:
        """Put a note about missing records into its place."""
        if self.trace is None:
            self.remember(line)
        else:
            self.trace.lines.append(line, self._limits)

    def fill(
        self, sequence: int, line: str, text: str, time_us: int | None, now: float
    ) -> bool:
        """Put a late record into the hole that was noted for it.

        Returns False if the note is gone, or in a trace that was closed; or if the
        record may begin or end a trace, or belongs into the open one.
        """
        trace = self.trace
        if text[:3] in TERMINATOR_KEYS and terminator(text) is not None:
            return False
        signature = first_signature(text) if may_start(text) else None
        if signature is not None and trace is None:
            return False
        if signature is not None and signature.role == "event":
            signature = None
        first = 0
        if trace is not None and (signature or trace.is_after_onset(time_us)):
            first = trace.lines.context
        if not self._fill_hole(sequence, line, first):
            return False
        if trace is not None and signature is not None:
            panic = signature.severity is Severity.PANIC
            trace.prolong(signature.severity, time_us, now, self._limits)
            trace.starts.add(start_mark(line, text, time_us, panic=panic))
        return True

    def _fill_hole(self, sequence: int, line: str, begin: int) -> bool:
        lines = self.context if self.trace is None else self.trace.lines.head
        oldest = max(begin, len(lines) - _FILLED_WITHIN)
        for index in range(len(lines) - 1, oldest - 1, -1):
            found = hole(lines[index])
            if found is not None and found[0] <= sequence <= found[1]:
                first, last = found
                parts = [(first, sequence - 1), (sequence + 1, last)]
                before, after = ([note_hole(a, b)] if a <= b else [] for a, b in parts)
                lines[index : index + 1] = [*before, line, *after]
                if self.trace is not None:
                    self.trace.lines.head_changed(index, len(before) + len(after))
                return True
        return False

    def touch(self, now: float) -> None:
        """Note that the host is alive, though its record is left out."""
        if self.trace is not None:
            self.trace.last = now

    # --- time and endings ----------------------------------------------------

    def tick(self, now: float) -> list[ClosedTrace] | None:
        """Close the trace if its time is over."""
        trace = self.trace
        if trace is None:
            return None
        reason = trace.ended_before(None, now, self._limits)
        return None if reason is None else [self._close(trace, reason)]

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: not needed."""
        return None if self.trace is None else self.trace.deadline(self._limits)

    def close(self, reason: EndReason) -> list[ClosedTrace]:
        """Close the open trace, if there is one, for a reason from outside."""
        return [] if self.trace is None else [self._close(self.trace, reason)]

    def _close_at(
        self, trace: OpenTrace, reason: EndReason, last: StartMark, now: float
    ) -> ClosedTrace:
        """Close the trace at its terminator."""
        has_panic = trace.starts.has_panic
        self.ended.note_end(last, trace.last_us, now, has_panic=has_panic)
        self.ended.remember((last,))
        return self._close(trace, reason)._replace(last=(last,))

    def _close(self, trace: OpenTrace, reason: EndReason) -> ClosedTrace:
        self.trace = None
        return trace.closed(reason)

    def take_context(self) -> list[str]:
        """Return the context and forget it."""
        context, self.context = self.context, []
        return context


def _newest_context(lines: list[str], limits: TraceLimits) -> list[str]:
    """Return as much of the context as leaves room for the onset in the head."""
    count = min(limits.context_records, max(0, limits.max_records // 2 - 1))
    context = lines[-count:] if count else []
    room = limits.max_bytes // 4
    for index in range(len(context) - 1, -1, -1):
        room -= len(context[index])
        if room < 0:
            return context[index + 1 :]
    return context
