"""Analyse kernel logs and traces: kind, title, function, facts. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.kernel.glance import FORGET_EVERY, Glance
from omprog_panic.kernel.line import line_of_record, parse_line
from omprog_panic.kernel.merge import ReportMerger
from omprog_panic.kernel.pstore import numbered
from omprog_panic.kernel.report import Facts, Frame, Report
from omprog_panic.kernel.scanner import Scanner
from omprog_panic.kernel.signatures import EVENT_KINDS
from omprog_panic.kernel.verdict import report_of, report_of_unknown
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from omprog_panic.model import Record

__all__ = [
    "ANALYSIS_VERSION",
    "Facts",
    "Frame",
    "Report",
    "analyze_text",
    "analyze_trace",
]

ANALYSIS_VERSION = 5
"""Raised when titles, kinds or functions of stored incidents would change."""


def analyze_text(lines: Iterable[bytes]) -> Iterator[Report]:
    """Find the incidents in console text of any form, in constant memory."""
    scanner, merger, glance = Scanner(), ReportMerger(), Glance()
    is_ordinary: Callable[[bytes], bool] = glance.is_ordinary
    open_reports = scanner.open
    for number, raw in numbered(lines):
        # Most lines of a log are ordinary; every 64th is parsed for its time.
        if number > _FIRST_LINES and number & 63:
            if not open_reports and is_ordinary(raw):
                continue
        elif b" kernel: " in raw:
            is_ordinary = _never  # journalctl -o short-monotonic: text is further on
        elif number % FORGET_EVERY == 0:
            glance.forget()
        scanner.feed(parse_line(number, raw))
        if scanner.finished:
            yield from _complete(scanner, merger)
    scanner.close()
    yield from _complete(scanner, merger)
    yield from merger.close()


_FIRST_LINES = 64  # they show which form the log has


def _never(_: bytes) -> bool:
    return False


def _complete(scanner: Scanner, merger: ReportMerger) -> Iterator[Report]:
    finished, scanner.finished = scanner.finished, []
    finished.sort(key=lambda lines: lines.first.number)
    for lines in finished:
        yield from merger.add(lines, report_of(lines))


def analyze_trace(records: Sequence[Record], context: int = 0) -> Report:
    """Return the report of a trace that the collector closed: the first crash in it.

    A warning is the cause only where nothing worse follows it. ``context`` records at
    the beginning came before the onset. There is always a report, also for a trace in
    which no start line is recognised.
    """
    scanner, merger = Scanner(), ReportMerger()
    for number, record in enumerate(records[context:], context + 1):
        for text in record.text.split("\n"):
            scanner.feed(line_of_record(number, record, text))
    scanner.close()
    reports = [*_complete(scanner, merger), *merger.close()]
    if not reports:
        return report_of_unknown(records, context)
    return _with_keys(_with_panic(_cause_of(reports), reports), records)


_NO_CRASH = EVENT_KINDS | {"info"}


def _cause_of(reports: Sequence[Report]) -> Report:
    crashes = [r for r in reports if r.kind not in _NO_CRASH] or reports
    # A bare panic has no cause of its own: it goes to what stands before it.
    worse = (r for r in crashes if r.severity not in _MINOR and r.kind != "panic")
    return next(worse, crashes[0])


_MINOR = frozenset({Severity.WARNING, Severity.INFO})


def _with_panic(cause: Report, reports: Sequence[Report]) -> Report:
    # One trace is one alert, and a panic anywhere in it ended this machine.
    last = next((r for r in reports if r.panicked), None)
    if last is None or cause.panicked:
        return cause
    facts = dataclasses.replace(cause.facts, panic_line=last.facts.panic_line)
    return dataclasses.replace(
        cause,
        severity=Severity.PANIC,
        panicked=True,
        last_line=max(cause.last_line, last.last_line),
        facts=facts,
    )


def _with_keys(report: Report, records: Sequence[Record]) -> Report:
    keys: dict[str, str] = {}
    for record in records:
        keys.update(record.keys or {})
    if not keys:
        return report
    facts = dataclasses.replace(report.facts, keys=tuple(keys.items()))
    return dataclasses.replace(report, facts=facts)
