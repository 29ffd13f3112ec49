"""Analyzes stored incidents again, and replaces their reports; sends nothing."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from omprog_panic.kernel.analysis import ANALYSIS_VERSION, Report, analyze_trace
from omprog_panic.plain import visible
from omprog_panic.store import incidents
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from omprog_panic.model import Record
    from omprog_panic.spool.record import IncidentRecord
    from omprog_panic.store.connect import Database, Location

    Analyze = Callable[[Sequence[Record], int], Report]
    Value = str | bool | None

log = logging.getLogger(__name__)

BATCH = 20  # incidents per transaction, so that the alerter is not delayed
MAX_CHANGES = 1000  # that are listed; the others are only counted


@dataclasses.dataclass(frozen=True, slots=True)
class ReportChange:
    """A field of an incident's report that has a new value."""

    incident_id: str
    field: str
    before: Value
    after: Value

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "id": self.incident_id,
            "change": self.field,
            "before": self.before,
            "after": self.after,
        }


@dataclasses.dataclass(slots=True)
class Reanalysis:
    """The result; ``version`` is that of the rules."""

    version: int = ANALYSIS_VERSION
    looked_at: int = 0
    changed: int = 0  # incidents
    changes: list[ReportChange] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)  # ids

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "version": self.version,
            "looked_at": self.looked_at,
            "changed": self.changed,
            "changes": [change.to_json() for change in self.changes],
            "failed": list(self.failed),
        }


def reanalyze_incidents(
    location: Location,
    analyze: Analyze = analyze_trace,
    *,
    everything: bool = False,
    dry_run: bool = False,
) -> Reanalysis:
    """Analyze the incidents of older rules again, or all of them.

    The alerter may run meanwhile. If it is interrupted, what is done stays done.

    Raises:
        StoreError: the database cannot be read or written.

    """
    done = Reanalysis()
    version = ANALYSIS_VERSION + 1 if everything else ANALYSIS_VERSION
    after = ""
    with existing_database(location) as database:
        while True:
            with database.read() as connection:
                ids = incidents.analysed_before(connection, version, after, BATCH)
            if not ids:
                return done
            after = ids[-1]
            results = [_analyze(database, id_, analyze, done) for id_ in ids]
            if not dry_run:
                with database.write() as connection:
                    for pair in filter(None, results):
                        incidents.replace_report(connection, *pair)


def _analyze(
    database: Database, incident_id: str, analyze: Analyze, done: Reanalysis
) -> tuple[IncidentRecord, Report] | None:
    done.looked_at += 1
    try:
        with database.read() as connection:
            stored = incidents.load_incident(connection, incident_id)
        if stored is None:  # deleted meanwhile
            return None
        report = analyze(stored.record.records, stored.record.context)
    except ValueError as error:
        # Not readable by this version, or a bug in a rule: the old report stays.
        log.warning("not analyzed", extra={"id": incident_id, "reason": str(error)})
        done.failed.append(incident_id)
        return None
    changes = list(_changes(incident_id, stored.report, report))
    if changes:
        done.changed += 1
    if len(done.changes) < MAX_CHANGES:
        done.changes += changes
    return stored.record, report


def _changes(incident_id: str, before: Report, after: Report) -> Iterator[ReportChange]:
    old, new = _compared(before), _compared(after)
    for field, value in old.items():
        if value != new[field]:
            yield ReportChange(incident_id, field, value, new[field])


def _compared(report: Report) -> dict[str, Value]:
    """Return the fields whose changes are listed."""
    function = report.function
    return {
        "severity": report.severity.value,
        "kind": report.kind,
        "title": visible(report.title),
        "function": None if function is None else visible(function),
        "fingerprint": report.fingerprint,
        "panicked": report.panicked,
    }
