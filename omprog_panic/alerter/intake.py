"""From the spool to the store: judge, decide, commit, and only then delete."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.alerter.dispatch import Telling, notify_incidents
from omprog_panic.alerter.event import AlerterEvent
from omprog_panic.clock import in_utc, rfc3339
from omprog_panic.errors import StoreError
from omprog_panic.kernel.analysis import Report
from omprog_panic.model import Severity
from omprog_panic.policy.decision import Decision, decide
from omprog_panic.spool.record import (
    AliveRecord,
    BootRecord,
    CountersRecord,
    IncidentRecord,
    ProbeRecord,
)
from omprog_panic.store import incidents, senders
from omprog_panic.store.senders import Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sqlalchemy.engine import Connection

    from omprog_panic.alerter.event import EventSink
    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Service
    from omprog_panic.model import Record
    from omprog_panic.spool.reader import SpoolEntry, SpoolReader
    from omprog_panic.store.connect import Database

    Analyze = Callable[[Sequence[Record], int], Report]

log = logging.getLogger(__name__)

BATCH = 200  # files a transaction: one sync to disk for all of them


@dataclasses.dataclass(slots=True)
class Intake:
    """Takes spool records in. ``services`` changes at a reload."""

    spool: SpoolReader
    database: Database
    analyze: Analyze
    clock: Clock
    services: Sequence[Service]
    emit: EventSink

    def run_once(self) -> int:
        """Take in what is there, at most a batch; tell how many files that were.

        Raises:
            SpoolError: the spool cannot be read; nothing was taken.
            StoreError: the data base cannot be written; the files stay.

        """
        entries = self.spool.batch(BATCH)
        if entries:
            try:
                self._take(entries)
            except StoreError:
                raise
            except Exception:
                # One record that cannot be stored must not hold up the others.
                log.exception("batch refused; taking its files one by one")
                self._take_singly(entries)
        return len(entries)

    def _take_singly(self, entries: Sequence[SpoolEntry]) -> None:
        for entry in entries:
            try:
                self._take([entry])
            except StoreError:
                raise
            except Exception as error:
                log.exception("spool record cannot be stored")
                self.spool.set_aside(entry.name, f"cannot be stored: {error}")

    def _take(self, entries: Sequence[SpoolEntry]) -> None:
        judged = [
            (incident, entry.content)
            for entry in entries
            if (incident := self._judge(entry)) is not None
        ]
        with self.database.write() as connection:
            new = incidents.insert_incidents(connection, judged)
            first = {i.record.id: i for i, _ in reversed(judged)}
            told = [first.pop(i.record.id) for i, _ in judged if i.record.id in first]
            told = [incident for incident in told if incident.record.id in new]
            signs = [*_signs_of(told), *self._store_signs(connection, entries)]
            senders.note_senders(connection, signs)
            self._notify(connection, told)
        self.spool.remove(entries)
        for incident in told:
            event = _incident_event(incident)
            log.info("incident", extra=event.fields)
            self.emit(event)

    def _judge(self, entry: SpoolEntry) -> incidents.StoredIncident | None:
        record = entry.record
        if not isinstance(record, IncidentRecord):
            return None
        try:
            report = self.analyze(record.records, record.context)
        except Exception:
            # A bug in a rule must not cost the alert: it goes out under its first line.
            log.exception("analysis failed", extra={"id": record.id})
            report = _unanalysed(record)
        decision = decide(report.severity)
        now = self.clock.wall()
        return incidents.StoredIncident(record, report, decision.name, now)

    def _notify(
        self,
        connection: Connection,
        told: Collection[incidents.StoredIncident],
    ) -> None:
        tellings = [
            Telling(incident.record.id, incident.record.source, incident.decision)
            for incident in told
            if Decision[incident.decision].notifies
        ]
        now = self.clock.wall()
        notify_incidents(connection, tellings, self.services, now)

    def _store_signs(
        self, connection: Connection, entries: Sequence[SpoolEntry]
    ) -> Iterator[Sign]:
        now = self.clock.wall()
        for entry in entries:
            match record := entry.record:
                case BootRecord():
                    senders.insert_boot(connection, record)
                    yield Sign(record, "boot", in_utc(record.at))
                case AliveRecord():
                    yield Sign(record, record.says, in_utc(record.at))
                case ProbeRecord():
                    senders.note_latest(connection, "probe", record, now)
                case CountersRecord():
                    senders.note_latest(connection, "counters", record, now)


def _signs_of(told: Collection[incidents.StoredIncident]) -> Iterator[Sign]:
    for incident in told:
        at = incident.record.written_at or rfc3339(incident.received_at)
        yield Sign(incident.record, "incident", in_utc(at))


def _unanalysed(record: IncidentRecord) -> Report:
    return Report(
        kind="other",
        severity=Severity.PANIC,  # not knowing, rather wake somebody
        title=record.onset.text.partition("\n")[0],
        function=None,
        fingerprint="unanalysed",
        panicked=False,
        first_line=record.context + 1,
        last_line=len(record.records),
        sound=False,
        unsound_because="the analysis failed: a bug of omprog-panic",
    )


def _incident_event(incident: incidents.StoredIncident) -> AlerterEvent:
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
