"""Merge repeats and secondary reports into the report that they follow. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.kernel.signatures import EVENT_KINDS
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from omprog_panic.kernel.report import Facts, Report
    from omprog_panic.kernel.report_lines import ReportLines

REPEAT_US = 120_000_000
"""The same report within so long after the last one is a repeat of it."""
REPEAT_LINES = 20_000
"""The same for a log without time stamps."""
SECONDARY_US = 10_000_000
"""A report in the same function so soon after another one is secondary to it."""
SECONDARY_LINES = 1_000
"""The same for a log without time stamps."""
MAX_PENDING = 64
"""Reports that wait for repeats; above it the oldest is released."""

_OOPSES = frozenset({"oops", "bug", "kasan", "kfence", "memory-corruption"})
_DYING = frozenset({Severity.PANIC, Severity.OOPS})


class _Pending:
    """A report, with the place and time of its last line."""

    __slots__ = ("boot", "number", "panic_number", "report", "time_us")

    def __init__(self, lines: ReportLines, report: Report) -> None:
        self.report = report
        self.boot = lines.boot
        self.time_us = lines.last_time_us
        self.number = lines.last_number
        self.panic_number = _panic_number(lines)

    def is_within(self, lines: ReportLines, micros: int, count: int) -> bool:
        """Return whether a report began soon enough after the end of this one."""
        if lines.boot != self.boot:
            return False
        if lines.first.time_us is not None and self.time_us is not None:
            return lines.first.time_us - self.time_us <= micros
        return lines.first.number - self.number <= count


def _panic_number(lines: ReportLines) -> int:
    return lines.panic.number if lines.panic else 0


class ReportMerger:
    """Keeps reports back until nothing can belong to them any more.

    A repeat (same fingerprint) is counted in the first report. A report in the same
    function soon after it, or one of a dying kernel that has no function, is secondary:
    the first crash is the cause, and a panic is the cause's panic.
    """

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(self, lines: ReportLines, report: Report) -> list[Report]:
        """Add a report; return those that are complete."""
        ready = self._expire(lines)
        for pending in self._pending:
            if self._belongs(pending, lines, report):
                _merge(pending, lines, report)
                return ready
        self._pending.append(_Pending(lines, report))
        if len(self._pending) > MAX_PENDING:
            ready.append(self._pending.pop(0).report)
        return ready

    def close(self) -> list[Report]:
        """Return the reports that are left: the log is at its end."""
        reports = [pending.report for pending in self._pending]
        self._pending.clear()
        return reports

    def _expire(self, lines: ReportLines) -> list[Report]:
        ready: list[Report] = []
        while self._pending and not self._pending[0].is_within(
            lines,
            REPEAT_US,
            REPEAT_LINES,
        ):
            ready.append(self._pending.pop(0).report)
        return ready

    @staticmethod
    def _belongs(pending: _Pending, lines: ReportLines, report: Report) -> bool:
        former = pending.report
        if (former.kind == "info") != (report.kind == "info"):
            return False
        if former.kind in EVENT_KINDS or report.kind in EVENT_KINDS:
            return former.fingerprint == report.fingerprint and pending.is_within(
                lines, REPEAT_US, REPEAT_LINES
            )
        if former.fingerprint == report.fingerprint:
            return pending.is_within(lines, REPEAT_US, REPEAT_LINES)
        if not pending.is_within(lines, SECONDARY_US, SECONDARY_LINES):
            return False
        if report.severity is Severity.WARNING and pending.panic_number:
            # Kernels up to 4.15 go on printing while they wait after the panic; a
            # warning between an oops and its panic comes from the oops code.
            return pending.panic_number < lines.first.number or former.kind in _OOPSES
        if report.function is not None:
            return former.function == report.function
        return (
            former.severity in _DYING and report.severity in _DYING and not report.sound
        )


def _merge(pending: _Pending, lines: ReportLines, report: Report) -> None:
    former = pending.report
    pending.time_us = lines.last_time_us or pending.time_us
    pending.panic_number = pending.panic_number or (
        lines.panic.number if lines.panic else 0
    )
    pending.number = max(pending.number, lines.last_number)
    worse = min(former.severity, report.severity, key=lambda s: s.rank)
    facts = _completed(former.facts, report.facts)
    if _is_milder(former, report):
        # A milder report just before the crash is part of it, and never hides it.
        facts = _completed(report.facts, former.facts)
        former = dataclasses.replace(
            report, first_line=former.first_line, repeats=former.repeats
        )
    pending.report = dataclasses.replace(
        former,
        severity=worse,
        panicked=former.panicked or report.panicked,
        repeats=former.repeats + 1 + report.repeats,
        last_line=max(former.last_line, report.last_line),
        facts=facts,
    )


def _is_milder(former: Report, report: Report) -> bool:
    """Return whether a processor fault followed a whole report of a lesser kind."""
    return (
        former.severity is Severity.WARNING
        and report.kind == "oops"
        and bool(former.facts.frames)
    )


def _completed(facts: Facts, later: Facts) -> Facts:
    """Fill in the facts that the first report lacks."""
    missing = {
        field.name: getattr(later, field.name)
        for field in dataclasses.fields(facts)
        if not getattr(facts, field.name) and getattr(later, field.name)
    }
    return dataclasses.replace(facts, **missing) if missing else facts
