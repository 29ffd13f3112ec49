"""From the spool to the store: analyse, decide, commit, and only then delete."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.alerter.event import AlerterEvent
from omprog_panic.alerter.policy_events import crash_of, sign_of
from omprog_panic.alerter.policy_runner import decisions_by_incident
from omprog_panic.clock import in_utc, rfc3339
from omprog_panic.errors import StoreError
from omprog_panic.kernel.analysis import Report
from omprog_panic.model import Severity
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    CountersRecord,
    IncidentRecord,
    ProbeRecord,
)
from omprog_panic.store import incidents, senders
from omprog_panic.store.incidents import StoredIncident
from omprog_panic.store.senders import Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from omprog_panic.alerter.event import EventSink
    from omprog_panic.alerter.policy_runner import PolicyRunner
    from omprog_panic.clock import Clock
    from omprog_panic.model import Record
    from omprog_panic.policy.event import Event, ProbeSent
    from omprog_panic.spool.reader import SpoolEntry, SpoolReader
    from omprog_panic.store.connect import Database, Transaction

    _Analysed = tuple[IncidentRecord, Report, bytes]
    Analyze = Callable[[Sequence[Record], int], Report]

log = logging.getLogger(__name__)

BATCH = 200  # files a transaction: one sync to disk for all of them
# The first transaction of a storm is small, so that its first alerts leave at once.
FIRST_BATCH = 20


@dataclasses.dataclass(slots=True)
class Intake:
    """Moves records from the spool into the store."""

    spool: SpoolReader
    database: Database
    analyze: Analyze
    clock: Clock
    runner: PolicyRunner
    emit: EventSink
    more: bool = False  # there was more than the last batch

    def run_once(self) -> int:
        """Process what is there, at most a batch; return the number of files.

        Raises:
            SpoolError: the spool cannot be read; nothing was processed.
            StoreError: the database cannot be written; the files stay.

        """
        limit = BATCH if self.more else FIRST_BATCH
        entries = self.spool.batch(limit)
        self.more = len(entries) >= limit
        if entries:
            try:
                self._process(entries)
            except StoreError:
                raise
            except Exception:
                # One record that cannot be stored must not block the others.
                log.exception("batch failed; processing its files one by one")
                self._process_singly(entries)
        return len(entries)

    def _process_singly(self, entries: Sequence[SpoolEntry]) -> None:
        for entry in entries:
            try:
                self._process([entry])
            except StoreError:
                raise
            except Exception as error:
                log.exception("spool record cannot be stored")
                self.spool.set_aside(entry.name, f"cannot be stored: {error}")

    def _process(self, entries: Sequence[SpoolEntry]) -> None:
        analysed = {
            entry.record.id: (entry.record, self._analyze(entry.record), entry.content)
            for entry in entries
            if isinstance(entry.record, IncidentRecord)
        }
        probe = self.runner.probe()
        try:
            with self.database.write() as connection:
                stored = self._store(connection, entries, analysed, probe)
        except BaseException:
            self.runner.forget()  # its memory is ahead of the store
            raise
        self.spool.remove(entries)
        for incident in stored:
            event = _incident_event(incident)
            log.info("incident", extra=event.fields)
            self.emit(event)

    def _store(
        self,
        connection: Transaction,
        entries: Sequence[SpoolEntry],
        analysed: Mapping[str, _Analysed],
        probe: ProbeSent | None,
    ) -> list[StoredIncident]:
        """Store a batch, and what the policy decides about it; return new incidents."""
        known = incidents.known_ids(connection, list(analysed))
        new = [item for id_, item in analysed.items() if id_ not in known]
        events = [*self._crashes(connection, new), *_events(connection, entries)]
        result = self.runner.evaluate(connection, events, probe)
        decided = decisions_by_incident(result)
        now = self.clock.wall()
        stored = [
            StoredIncident(record, report, decided[record.id].value, now)
            for record, report, _ in new
        ]
        contents = (content for _, _, content in new)
        incidents.insert_incidents(connection, list(zip(stored, contents, strict=True)))
        self._store_latest(connection, entries)
        sightings = [*_incident_sightings(stored), *_sightings(entries)]
        senders.record_sightings(connection, sightings)
        self.runner.send(connection, result)
        return stored

    def _crashes(
        self, connection: Transaction, new: Sequence[_Analysed]
    ) -> Iterator[Event]:
        causes = self.runner.new_causes(report.fingerprint for _, report, _ in new)
        known = incidents.cause_histories(connection, causes)
        for record, report, _ in new:
            yield crash_of(record, report, known.get(report.fingerprint))

    def _analyze(self, record: IncidentRecord) -> Report:
        try:
            return self.analyze(record.records, record.context)
        except Exception:
            # A bug in a rule must not cost the alert: its title is the first line.
            log.exception("analysis failed", extra={"id": record.id})
            return _unanalysed(record)

    def _store_latest(
        self, connection: Transaction, entries: Sequence[SpoolEntry]
    ) -> None:
        """Store the records of which only the last one counts."""
        now = self.clock.wall()
        for entry in entries:
            match record := entry.record:
                case AliveRecord() if record.token is not None:
                    senders.store_verified(connection, record, now)
                case ProbeRecord():
                    senders.store_probe(connection, record, now)
                case CountersRecord():
                    senders.store_counters(connection, record, now)


def _events(connection: Transaction, entries: Sequence[SpoolEntry]) -> Iterator[Event]:
    """Return what the policy must know besides incidents; of boots only new ones."""
    for entry in entries:
        record = entry.record
        if isinstance(record, BootRecord) and not senders.insert_boot(
            connection, record
        ):
            continue
        event = sign_of(record)
        if event is not None:
            yield event


def _incident_sightings(stored: Collection[StoredIncident]) -> Iterator[Sighting]:
    for incident in stored:
        at = incident.record.written_at or rfc3339(incident.received_at)
        yield Sighting(incident.record, "incident", in_utc(at))


def _sightings(entries: Sequence[SpoolEntry]) -> Iterator[Sighting]:
    for entry in entries:
        match record := entry.record:
            case BootRecord():
                yield Sighting(record, "boot", in_utc(record.at))
            case AliveRecord():
                yield Sighting(record, record.says, in_utc(record.at))


def _unanalysed(record: IncidentRecord) -> Report:
    return Report(
        kind="other",
        severity=Severity.PANIC,  # it may be one: better one alert too many
        title=record.onset.text.partition("\n")[0],
        function=None,
        fingerprint="unanalysed",
        panicked=False,
        first_line=record.context + 1,
        last_line=len(record.records),
        sound=False,
        unsound_because="the analysis failed: a bug of omprog-panic",
    )


def _incident_event(incident: StoredIncident) -> AlerterEvent:
    record, report = incident.record, incident.report
    return AlerterEvent(
        "incident",
        {
            "id": record.id,
            "source": record.source,
            "severity": report.severity.name,
            "title": report.title,
            "decision": incident.decision,
            "records": len(record.records),
        },
    )
