"""Newer rules over the archive; changes what is stored, alerts nobody."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from omprog_panic.kernel.analysis import ANALYSIS_VERSION, Report, analyze_trace
from omprog_panic.plain import visible
from omprog_panic.store import incidents
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from omprog_panic.model import Record
    from omprog_panic.spool.record import IncidentRecord
    from omprog_panic.store.connect import Database

    Analyze = Callable[[Sequence[Record], int], Report]

log = logging.getLogger(__name__)

BATCH = 20  # incidents a transaction: the alerter is not kept waiting
MAX_CHANGES = 1000  # that are named; the others are counted
COMPARED = ("severity", "kind", "title", "function", "fingerprint", "panicked")


@dataclasses.dataclass(slots=True)
class Reanalysis:
    """What came of it."""

    version: int = ANALYSIS_VERSION
    looked_at: int = 0
    changed: int = 0  # in one of COMPARED
    changes: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)


def reanalyze_archive(
    path: Path,
    analyze: Analyze = analyze_trace,
    *,
    everything: bool = False,
    dry_run: bool = False,
) -> Reanalysis:
    """Judge anew what older rules judged, or everything.

    Safe while the alerter runs, and to be interrupted: what is done is done.

    Raises:
        StoreError: the database cannot be read or written.

    """
    done = Reanalysis()
    version = ANALYSIS_VERSION + 1 if everything else ANALYSIS_VERSION
    after = ""
    with existing_database(path) as database:
        while True:
            with database.read() as connection:
                ids = incidents.analysed_before(connection, version, after, BATCH)
            if not ids:
                return done
            after = ids[-1]
            judged = [_judge(database, id_, analyze, done) for id_ in ids]
            if not dry_run:
                with database.write() as connection:
                    for pair in judged:
                        if pair is not None:
                            incidents.replace_report(connection, *pair)


def _judge(
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
        # Not readable by this version, or a bug in a rule: what stands there stays.
        log.warning("not analysed", extra={"id": incident_id, "reason": str(error)})
        done.failed.append(incident_id)
        return None
    before = {name: _word(getattr(stored.report, name)) for name in COMPARED}
    now = {name: _word(getattr(report, name)) for name in COMPARED}
    differing = [name for name in COMPARED if before[name] != now[name]]
    if differing:
        done.changed += 1
    if len(done.changes) < MAX_CHANGES:
        done.changes += [
            {"id": incident_id, "change": n, "before": before[n], "after": now[n]}
            for n in differing
        ]
    return stored.record, report


def _word(value: object) -> object:
    word = getattr(value, "value", value)
    return visible(word) if isinstance(word, str) else word
