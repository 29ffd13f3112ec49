"""What died, from the text of a report: kind, title, function, facts. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.kernel.consequence import Consequences
from omprog_panic.kernel.incident import MARKED, Scanner
from omprog_panic.kernel.judgement import judge, judge_unknown
from omprog_panic.kernel.line import line_of_record, parse_line, plain_text_at
from omprog_panic.kernel.report import Facts, Frame, Report
from omprog_panic.kernel.signatures import INFO_SIGNATURES
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
    scanner, consequences = Scanner(), Consequences()
    for number, raw in enumerate(lines, 1):
        # Most lines of a log mean nothing; every 64th is looked at for its time.
        if number & 63 and not scanner.is_open and _means_nothing(raw):
            continue
        scanner.feed(parse_line(number, raw))
        if scanner.finished:
            yield from _settled(scanner, consequences)
    scanner.close()
    yield from _settled(scanner, consequences)
    yield from consequences.close()


_MARKED = frozenset(key.encode() for key in MARKED)
_INFO_WORDS = tuple(row.starts[0].encode() for row in INFO_SIGNATURES)


def _means_nothing(raw: bytes) -> bool:
    at = plain_text_at(raw)
    if at < 0 or raw[at : at + 3] in _MARKED:
        return False
    for word in _INFO_WORDS:
        if word in raw:
            return False
    return b"\0" not in raw


def _settled(scanner: Scanner, consequences: Consequences) -> Iterator[Report]:
    finished, scanner.finished = scanner.finished, []
    finished.sort(key=lambda incident: incident.first_line)
    for incident in finished:
        yield from consequences.take(incident, judge(incident))


def analyze_trace(records: Sequence[Record], context: int = 0) -> Report:
    """Judge a trace that the collector closed: the cause, with what it led to.

    ``context`` records at the beginning came before the onset. Always answers,
    also for a trace in which no start line is recognised.
    """
    scanner, consequences = Scanner(), Consequences()
    for number, record in enumerate(records[context:], context + 1):
        for text in record.text.split("\n"):
            scanner.feed(line_of_record(number, record, text))
    scanner.close()
    reports = [*_settled(scanner, consequences), *consequences.close()]
    if not reports:
        return judge_unknown(records, context)
    cause = next((r for r in reports if r.kind != "info"), reports[0])
    return _with_keys(_with_panic(cause, reports), records)


def _with_panic(cause: Report, reports: Sequence[Report]) -> Report:
    # One trace is one alert: a panic anywhere in it is the end of this machine.
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
