"""From the spool to the store: judge, decide, commit, and only then delete."""

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
from omprog_panic.store import decisions, incidents, senders
from omprog_panic.store.senders import Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sqlalchemy.engine import Connection

    from omprog_panic.alerter.event import EventSink
    from omprog_panic.alerter.policy_runner import PolicyRunner
    from omprog_panic.clock import Clock
    from omprog_panic.model import Record
    from omprog_panic.policy.event import Event, ProbeSent
    from omprog_panic.spool.reader import SpoolEntry, SpoolReader
    from omprog_panic.store.connect import Database

    _Judged = tuple[IncidentRecord, Report, bytes]
    Analyze = Callable[[Sequence[Record], int], Report]

log = logging.getLogger(__name__)

BATCH = 200  # files a transaction: one sync to disk for all of them
# The first transaction of a storm is small, so that its first alerts leave at once.
FIRST_BATCH = 20


@dataclasses.dataclass(slots=True)
class Intake:
    """Takes spool records in."""

    spool: SpoolReader
    database: Database
    analyze: Analyze
    clock: Clock
    runner: PolicyRunner
    emit: EventSink
    more: bool = False  # there was more than the last batch took

    def run_once(self) -> int:
        """Take in what is there, at most a batch; tell how many files that were.

        Raises:
            SpoolError: the spool cannot be read; nothing was taken.
            StoreError: the database cannot be written; the files stay.

        """
        limit = BATCH if self.more else FIRST_BATCH
        entries = self.spool.batch(limit)
        self.more = len(entries) >= limit
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
        judged = {
            entry.record.id: (entry.record, self._judge(entry.record), entry.content)
            for entry in entries
            if isinstance(entry.record, IncidentRecord)
        }
        probe = self.runner.probe()
        try:
            with self.database.write() as connection:
                told = self._commit(connection, entries, judged, probe)
        except BaseException:
            self.runner.forget()  # what it remembers now is not in the store
            raise
        self.spool.remove(entries)
        for incident in told:
            event = _incident_event(incident)
            log.info("incident", extra=event.fields)
            self.emit(event)

    def _commit(
        self,
        connection: Connection,
        entries: Sequence[SpoolEntry],
        judged: dict[str, _Judged],
        probe: ProbeSent | None,
    ) -> list[incidents.StoredIncident]:
        known = incidents.known_ids(connection, list(judged))
        new = [item for id_, item in judged.items() if id_ not in known]
        events = [*self._crashes(connection, new), *_events(connection, entries)]
        result = self.runner.evaluate(connection, events, probe)
        decided = decisions_by_incident(result)
        now = self.clock.wall()
        told = [
            incidents.StoredIncident(record, report, decided[record.id].name, now)
            for record, report, _ in new
        ]
        contents = (content for _, _, content in new)
        incidents.insert_incidents(connection, list(zip(told, contents, strict=True)))
        signs = [*_signs_of(told), *self._store_signs(connection, entries)]
        senders.note_senders(connection, signs)
        self.runner.send(connection, result)
        return told

    def _crashes(
        self, connection: Connection, new: Sequence[_Judged]
    ) -> Iterator[Event]:
        asked = self.runner.new_causes(report.fingerprint for _, report, _ in new)
        known = decisions.histories(connection, asked)
        for record, report, _ in new:
            yield crash_of(record, report, known.get(report.fingerprint))

    def _judge(self, record: IncidentRecord) -> Report:
        try:
            return self.analyze(record.records, record.context)
        except Exception:
            # A bug in a rule must not cost the alert: it goes out under its first line.
            log.exception("analysis failed", extra={"id": record.id})
            return _unanalysed(record)

    def _store_signs(
        self, connection: Connection, entries: Sequence[SpoolEntry]
    ) -> Iterator[Sign]:
        now = self.clock.wall()
        for entry in entries:
            match record := entry.record:
                case BootRecord():
                    yield Sign(record, "boot", in_utc(record.at))
                case AliveRecord():
                    if record.token is not None:
                        senders.note_verified(connection, record, now)
                    yield Sign(record, record.says, in_utc(record.at))
                case ProbeRecord():
                    senders.note_latest(connection, "probe", record, now)
                case CountersRecord():
                    senders.note_latest(connection, "counters", record, now)


def _events(connection: Connection, entries: Sequence[SpoolEntry]) -> Iterator[Event]:
    """Return what the policy has to know, besides incidents; boots only when new."""
    for entry in entries:
        record = entry.record
        if isinstance(record, BootRecord) and not senders.insert_boot(
            connection, record
        ):
            continue
        event = sign_of(record)
        if event is not None:
            yield event


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
