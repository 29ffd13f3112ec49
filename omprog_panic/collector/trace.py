"""Where a trace begins and where it ends: one host's open report. Pure.

Judges nothing else: what died is :mod:`omprog_panic.kernel.analysis`'s business.
Lines are opaque here (netconsole/stored.py made them); the text and the kernel's
time of each come beside it. Endings: netconsole.md section 6 of the project's
reference, i.e. kernel/panic.c and arch/*/kernel/dumpstack.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omprog_panic.collector.open_trace import ClosedTrace, OpenTrace, TraceLimits
from omprog_panic.kernel.start_line import START_KEYS, first_signature
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

_TELLING = START_KEYS | TERMINATOR_KEYS | {"CPU"}
_MINOR = frozenset({Severity.WARNING, Severity.INFO})
_LAST_WORDS = frozenset({EndReason.TERMINATOR, EndReason.REBOOTING})
_LINE_OVERHEAD = 64  # bytes that Python adds to a string in a list
_LATE_S = 1.0  # longer than any network holds a datagram up
# Start lines that prolong a trace: a host that oopses for ever is reported anyway.
_MAX_PROLONGED = 16


class TraceMachine:
    """Cuts one host's ordered records into context and traces.

    ``feed`` and ``tick`` return the traces that they closed; ``deadline`` says when
    ``tick`` must be called next.
    """

    __slots__ = ("_context", "_late_until", "_late_us", "_limits", "_open")

    def __init__(self, limits: TraceLimits) -> None:
        self._limits = limits
        # A plain list, cut now and then, is a quarter of a deque: most of the hosts
        # of a forged flood are heard once.
        self._context: list[str] = []
        self._open: OpenTrace | None = None
        # After the last word: what was printed before it and comes after it.
        self._late_until = 0.0
        self._late_us = -1

    @property
    def held_bytes(self) -> int:
        """Return about what context and open trace take in memory."""
        lines = self._context
        held = sum(map(len, lines)) + _LINE_OVERHEAD * len(lines)
        trace = self._open
        if trace is not None:
            count = len(trace.head) + len(trace.tail or ())
            held += trace.head_bytes + trace.tail_bytes + _LINE_OVERHEAD * count
        return held

    @property
    def open(self) -> bool:
        """Whether a trace is being recorded."""
        return self._open is not None

    @property
    def panicked(self) -> bool:
        """Whether the open trace holds a panic line."""
        return self._open is not None and self._open.panicked

    def feed(
        self,
        line: str,
        text: str,
        time_us: int | None,
        now: float,
    ) -> list[ClosedTrace] | None:
        """Take one record; None is an empty list that costs nothing."""
        trace = self._open
        if trace is None:
            if text[:3] in START_KEYS:
                signature = first_signature(text)
                if signature is not None and not self._is_late(time_us, now):
                    self._begin(signature, line, time_us, now)
                    return None
            self.remember(line)
            return None
        reason = trace.ended_before(time_us, now, self._limits)
        if reason is not None:
            closed = [self._close(trace, reason)]
            return closed + (self.feed(line, text, time_us, now) or [])
        return self._continue(trace, line, text, time_us, now)

    def _is_late(self, time_us: int | None, now: float) -> bool:
        """Return whether the network held this record up past the last word."""
        return (
            time_us is not None and time_us <= self._late_us and now < self._late_until
        )

    def remember(self, line: str) -> None:
        """Keep a line as context of a trace that may come."""
        context = self._context
        context.append(line)
        limit = self._limits.context_records
        if len(context) > limit + 64:
            del context[:-limit]

    def keep(self, line: str, time_us: int | None, now: float) -> None:
        """Take a record that cannot start or end anything: user space wrote it."""
        if self._open is None:
            self.remember(line)
        else:
            self._open.take(line, time_us, now, self._limits)

    def _begin(
        self,
        signature: Signature,
        line: str,
        time_us: int | None,
        now: float,
    ) -> None:
        trace = self._open = OpenTrace(self._newest_context(), signature.severity)
        self._context = []
        trace.panicked = signature.severity is Severity.PANIC
        trace.start_us = trace.begun_us = time_us
        trace.age_at = now + self._limits.max_age_s
        trace.take(line, time_us, now, self._limits)

    def _newest_context(self) -> list[str]:
        """Return as much context as leaves the onset its place in the head."""
        limits = self._limits
        count = min(limits.context_records, max(0, limits.max_records // 2 - 1))
        context = self._context[-count:] if count else []
        room = limits.max_bytes // 4
        for index in range(len(context) - 1, -1, -1):
            room -= len(context[index])
            if room < 0:
                return context[index + 1 :]
        return context

    def _continue(
        self,
        trace: OpenTrace,
        line: str,
        text: str,
        time_us: int | None,
        now: float,
    ) -> list[ClosedTrace] | None:
        if text[:3] not in _TELLING:
            trace.take(line, time_us, now, self._limits)
            return None
        signature = first_signature(text)
        if signature is not None:
            if self._is_separate(trace, signature, time_us, now):
                closed = self._close(trace, EndReason.NEXT_REPORT)
                self._begin(signature, line, time_us, now)
                return [closed]
            self._prolong(trace, signature, time_us, now)
        trace.take(line, time_us, now, self._limits)
        ending = terminator(text)
        if ending is Terminator.END_PANIC:
            return [self._close(trace, EndReason.TERMINATOR)]
        if ending is Terminator.REBOOTING and trace.panicked:
            return [self._close(trace, EndReason.REBOOTING)]
        if ending is Terminator.END_TRACE and not trace.panicked:
            trace.settle_at = now + self._limits.settle_s
        elif says_kdump_loaded(text):
            trace.kdump = True
        return None

    def _is_separate(
        self,
        trace: OpenTrace,
        signature: Signature,
        time_us: int | None,
        now: float,
    ) -> bool:
        """Return whether a start line opens a report of its own.

        A panic belongs to what led to it. Within a report that is still being
        printed a start line is a consequence, or noise of netpoll itself.
        """
        if trace.panicked or signature.severity is Severity.PANIC:
            return False
        if trace.settle_at is not None and trace.severity in _MINOR:
            return True
        settle = self._limits.settle_s
        return now - trace.last > settle or trace.gap_s(time_us) > settle

    def _prolong(
        self,
        trace: OpenTrace,
        signature: Signature,
        time_us: int | None,
        now: float,
    ) -> None:
        panic = signature.severity is Severity.PANIC
        if panic:
            trace.panicked = True
        elif trace.panicked:
            return
        trace.settle_at = None
        if panic or trace.prolonged < _MAX_PROLONGED:
            trace.prolonged += 1
            trace.age_at = now + self._limits.max_age_s
            trace.start_us = time_us if time_us is not None else trace.start_us

    def amend(self, text: str, now: float) -> list[ClosedTrace] | None:
        """Append a continuation to the last record, which is no note."""
        trace = self._open
        if trace is None:
            if not self._context:
                return None
            line = continued(self._context.pop(), text)
            packet = packet_of(line)
            if now < self._late_until or packet.is_user:
                self.remember(line)
                return None
            # The first piece alone may not have shown what this line is.
            return self.feed(line, packet.body, packet.time_us, now)
        lines = trace.tail or trace.head
        lines[-1] = continued(lines[-1], text)
        if trace.tail:
            trace.tail_bytes += len(text)
        else:
            trace.head_bytes += len(text)
        trace.last = now
        return None

    def last_line(self) -> str | None:
        """Return the newest line, of the trace or of the context."""
        if self._open is not None:
            return (self._open.tail or self._open.head)[-1]
        return self._context[-1] if self._context else None

    def newest(self, count: int) -> list[str]:
        """Return the newest lines, oldest first."""
        if self._open is None:
            return self._context[-count:]
        if self._open.tail is not None:
            return list(self._open.tail)[-count:]
        return self._open.head[-count:]

    def note(self, line: str) -> None:
        """Put a note about missing records into its place."""
        if self._open is None:
            self.remember(line)
        else:
            self._open.append(line, self._limits)

    def fill(self, sequence: int, line: str) -> bool:
        """Put a late record into the hole that was noted for it.

        Returns False when that note is gone, or in a trace that was closed.
        """
        for lines in self._places():
            for index in range(len(lines) - 1, max(-1, len(lines) - 600), -1):
                found = hole(lines[index])
                if found is not None and found[0] <= sequence <= found[1]:
                    first, last = found
                    parts = [(first, sequence - 1), (sequence + 1, last)]
                    before, after = (
                        [note_hole(a, b)] if a <= b else [] for a, b in parts
                    )
                    lines[index : index + 1] = [*before, line, *after]
                    self._moved(lines, index, len(before) + len(after))
                    return True
        return False

    def _places(self) -> list[list[str]]:
        if self._open is None:
            return [self._context]
        return [self._open.head]

    def _moved(self, lines: list[str], index: int, added: int) -> None:
        trace = self._open
        if trace is not None and lines is trace.head:
            trace.head_bytes = sum(map(len, lines))
            if index < trace.context:
                trace.context += added

    def touch(self, now: float) -> None:
        """Note that the host speaks, though what it said is left out."""
        if self._open is not None:
            self._open.last = now

    def tick(self, now: float) -> list[ClosedTrace] | None:
        """Close the trace if its time is over."""
        trace = self._open
        if trace is None:
            return None
        reason = trace.ended_before(None, now, self._limits)
        return None if reason is None else [self._close(trace, reason)]

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: no need."""
        trace = self._open
        if trace is None:
            return None
        return trace.deadline(self._limits)

    def close(self, reason: EndReason) -> list[ClosedTrace]:
        """Close the open trace, if there is one, for a reason from outside."""
        return [] if self._open is None else [self._close(self._open, reason)]

    def _close(self, trace: OpenTrace, reason: EndReason) -> ClosedTrace:
        self._open = None
        if reason in _LAST_WORDS and trace.last_us is not None:
            self._late_until = trace.last + _LATE_S
            self._late_us = trace.last_us
        return trace.closed(reason)

    def dump(self) -> dict[str, Any]:
        """Write down context and open trace as JSON can hold them."""
        trace = self._open
        state: dict[str, Any] = {
            "context": self._context,
            "late": [self._late_until, self._late_us],
        }
        if trace is not None:
            state["open"] = trace.dump()
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`dump` wrote."""
        self._context = state["context"]
        self._late_until, self._late_us = state.get("late", (0.0, -1))
        fields = state.get("open")
        self._open = None if fields is None else OpenTrace.load(fields)

    def take_context(self) -> list[str]:
        """Return the context away."""
        context, self._context = self._context, []
        return context
