"""What died, from the text of a report: kind, title, function, facts. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.kernel.judgement import judge, judge_unknown
from omprog_panic.kernel.incident import Scanner
from omprog_panic.kernel.line import line_of_record, parse_line
from omprog_panic.kernel.report import Facts, Frame, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omprog_panic.kernel.incident import Incident
    from omprog_panic.model import Record

__all__ = [
    "ANALYSIS_VERSION",
    "Facts",
    "Frame",
    "Report",
    "analyze_text",
    "analyze_trace",
]

ANALYSIS_VERSION = 2


def analyze_text(lines: Iterable[bytes]) -> Iterator[Report]:
    """Find the incidents in console text of any sort, in constant memory."""
    scanner = Scanner()
    said: dict[tuple[str, str], int] = {}
    for number, raw in enumerate(lines, 1):
        scanner.feed(parse_line(number, raw))
        if scanner.finished:
            yield from _reports(scanner)
    scanner.close()
    yield from _reports(scanner)


def _reports(scanner: Scanner) -> Iterator[Report]:
    finished, scanner.finished = scanner.finished, []
    finished.sort(key=lambda incident: incident.first_line)
    for incident in finished:
        yield judge(incident)


def analyze_trace(records: Sequence[Record], context: int = 0) -> Report:
    """Judge a trace that the collector closed: the cause, with what it led to.

    ``context`` records at the beginning came before the onset. Always answers,
    also for a trace in which no start line is recognised.
    """
    scanner = Scanner()
    number = 0
    for number, record in enumerate(records[context:], context + 1):
        for text in record.text.split("\n"):
            scanner.feed(line_of_record(number, record, text))
    scanner.close()
    incidents = sorted(scanner.finished, key=lambda incident: incident.first_line)
    reports = [judge(incident) for incident in incidents]
    if not reports:
        report = judge_unknown(records, context)
    else:
        report = next((r for r in reports if r.kind != "info"), reports[0])
    return report
