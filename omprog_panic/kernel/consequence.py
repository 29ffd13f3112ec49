"""Which reports only follow from an earlier one: they go into it. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.model import Severity

if TYPE_CHECKING:
    from omprog_panic.kernel.incident import Incident
    from omprog_panic.kernel.report import Facts, Report

REPEAT_US = 120_000_000
"""The same report again within so long after the last one is a repeat of it."""
REPEAT_LINES = 20_000
"""The same for a log without time stamps."""
CONSEQUENCE_US = 10_000_000
"""A report in the same function so soon after another one follows from it."""
CONSEQUENCE_LINES = 1_000
MAX_PENDING = 64
"""Reports held back for repeats; the oldest is let go for a new one."""

_OOPSES = frozenset({"oops", "bug", "kasan", "kfence", "memory-corruption"})
_DYING = frozenset({Severity.PANIC, Severity.OOPS})


class _Held:
    """A report, with the place and time of the last line that went into it."""

    __slots__ = ("boot", "number", "panic_line", "report", "time_us")

    def __init__(self, incident: Incident, report: Report) -> None:
        self.report = report
        self.boot = incident.boot
        self.time_us = incident.last_time_us
        self.number = incident.last_number
        self.panic_line = incident.panic_line

    def is_within(self, incident: Incident, micros: int, lines: int) -> bool:
        """Return whether the incident began near enough to this report's end."""
        if incident.boot != self.boot:
            return False
        if incident.time_us is not None and self.time_us is not None:
            return incident.time_us - self.time_us <= micros
        return incident.first_line - self.number <= lines


class Consequences:
    """Holds reports back until nothing can follow from them any more.

    A repeat of a report (same fingerprint) is counted in it. A report in the same
    function soon after it, or one of a dying kernel that names no function, is its
    consequence: the first crash is the cause, and a panic is the cause's panic.
    """

    def __init__(self) -> None:
        self._held: list[_Held] = []

    def take(self, incident: Incident, report: Report) -> list[Report]:
        """Take a report in; give those that are complete."""
        ready = self._expire(incident)
        for held in self._held:
            if self._belongs(held, incident, report):
                _merge(held, incident, report)
                return ready
        self._held.append(_Held(incident, report))
        if len(self._held) > MAX_PENDING:
            ready.append(self._held.pop(0).report)
        return ready

    def close(self) -> list[Report]:
        """Nothing more comes: give what is left."""
        reports = [held.report for held in self._held]
        self._held.clear()
        return reports

    def _expire(self, incident: Incident) -> list[Report]:
        ready: list[Report] = []
        while self._held and not self._held[0].is_within(
            incident,
            REPEAT_US,
            REPEAT_LINES,
        ):
            ready.append(self._held.pop(0).report)
        return ready

    @staticmethod
    def _belongs(held: _Held, incident: Incident, report: Report) -> bool:
        former = held.report
        if (former.kind == "info") != (report.kind == "info"):
            return False
        if former.fingerprint == report.fingerprint:
            return held.is_within(incident, REPEAT_US, REPEAT_LINES)
        if not held.is_within(incident, CONSEQUENCE_US, CONSEQUENCE_LINES):
            return False
        if report.severity is Severity.WARNING and held.panic_line:
            # Kernels up to 4.15 go on printing while they wait after the panic; and
            # what warns between an oops and its panic is the oops at work.
            return held.panic_line < incident.first_line or former.kind in _OOPSES
        if report.function is not None:
            return former.function == report.function
        return (
            former.severity in _DYING and report.severity in _DYING and not report.sound
        )


def _merge(held: _Held, incident: Incident, report: Report) -> None:
    former = held.report
    held.time_us = incident.last_time_us or held.time_us
    held.panic_line = held.panic_line or incident.panic_line
    held.number = max(held.number, incident.last_number)
    worse = min(former.severity, report.severity, key=lambda s: s.rank)
    facts = _completed(former.facts, report.facts)
    held.report = dataclasses.replace(
        former,
        severity=worse,
        panicked=former.panicked or report.panicked,
        repeats=former.repeats + 1 + report.repeats,
        last_line=max(former.last_line, report.last_line),
        facts=facts,
    )


def _completed(facts: Facts, later: Facts) -> Facts:
    """Fill in what an interrupted report could not say; its own words stay."""
    missing = {
        field.name: getattr(later, field.name)
        for field in dataclasses.fields(facts)
        if not getattr(facts, field.name) and getattr(later, field.name)
    }
    return dataclasses.replace(facts, **missing) if missing else facts
