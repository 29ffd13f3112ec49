"""Incidents with their traces, and what is known of who sent them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from omprog_panic.kernel.analysis import ANALYSIS_VERSION, Facts, Frame, Report
from omprog_panic.model import Severity
from omprog_panic.plain import visible
from omprog_panic.spool.record import IncidentRecord, decode
from omprog_panic.store.schema import BOOTS, INCIDENTS, LATEST, SENDERS, TRACES

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from omprog_panic.spool.record import (
        AliveRecord,
        BootRecord,
        CountersRecord,
        ProbeRecord,
    )

MAX_TITLE = 500
MAX_LISTED = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident as intake judged it."""

    record: IncidentRecord
    report: Report
    decision: str
    received_at: float


def insert_incident(
    connection: Connection, incident: StoredIncident, content: bytes
) -> bool:
    """Store an incident and the spool file it came in; False when it is known."""
    record, report = incident.record, incident.report
    known = sa.select(INCIDENTS.c.id).where(INCIDENTS.c.id == record.id)
    if connection.execute(known).first() is not None:
        return False
    connection.execute(
        sa.insert(INCIDENTS).values(
            id=record.id,
            source=record.source,
            host=_plain(record.host),
            boot=visible(record.boot),
            kernel=_plain(report.facts.kernel or record.kernel),
            kind=report.kind,
            severity=report.severity.value,
            title=visible(report.title)[:MAX_TITLE],
            function=_plain(report.function),
            fingerprint=report.fingerprint,
            analysis_version=ANALYSIS_VERSION,
            panicked=report.panicked,
            ended_by=record.end.value,
            onset_at=record.onset.at or record.written_at,
            received_at=incident.received_at,
            decision=incident.decision,
            report=report_to_json(report),
        )
    )
    connection.execute(
        sa.insert(TRACES).values(incident_id=record.id, spool_json=content)
    )
    return True


def load_incident(connection: Connection, incident_id: str) -> StoredIncident | None:
    """Read an incident back, whole."""
    query = sa.select(INCIDENTS, TRACES.c.spool_json).join_from(INCIDENTS, TRACES)
    row = connection.execute(query.where(INCIDENTS.c.id == incident_id)).first()
    if row is None:
        return None
    record = decode(row.spool_json)
    assert isinstance(record, IncidentRecord)
    report = report_from_json(row.report)
    return StoredIncident(record, report, row.decision, row.received_at)


def find_incidents(connection: Connection, prefix: str) -> list[str]:
    """Give the ids that begin with these digits, at most a handful."""
    query = sa.select(INCIDENTS.c.id).where(INCIDENTS.c.id.startswith(prefix))
    return list(connection.execute(query.order_by(INCIDENTS.c.id).limit(5)).scalars())


def list_incidents(connection: Connection, limit: int) -> list[Row[Any]]:
    """Give the newest incidents, without their traces."""
    columns = [c for c in INCIDENTS.c if c.name != "report"]
    query = sa.select(*columns).order_by(INCIDENTS.c.received_at.desc())
    return list(connection.execute(query.limit(min(limit, MAX_LISTED))))


def count_incidents(connection: Connection) -> int:
    """Count all incidents in the store."""
    counted = connection.execute(sa.select(sa.func.count()).select_from(INCIDENTS))
    return int(counted.scalar_one())


def list_senders(connection: Connection, limit: int) -> list[Row[Any]]:
    """Give the senders heard last."""
    query = sa.select(SENDERS).order_by(SENDERS.c.last_heard_at.desc())
    return list(connection.execute(query.limit(min(limit, MAX_LISTED))))


def latest(connection: Connection, name: str) -> dict[str, Any] | None:
    """Give what ``note_latest`` kept under this name."""
    query = sa.select(LATEST.c.record).where(LATEST.c.name == name)
    found = connection.execute(query).scalar()
    return None if found is None else dict(json.loads(found))


def note_sender(
    connection: Connection,
    record: IncidentRecord | BootRecord | AliveRecord,
    says: str,
    at: str,
) -> None:
    """Remember that a sender was heard, and what it said of itself."""
    values = {"last_heard_at": at, "says": says}
    for column in ("host", "kernel", "boot"):
        if (said := getattr(record, column)) is not None:
            values[column] = visible(said)
    update = sa.update(SENDERS).where(SENDERS.c.source == record.source)
    newer = update.where(SENDERS.c.last_heard_at <= at).values(values)
    if connection.execute(newer).rowcount:
        return
    known = sa.select(SENDERS.c.source).where(SENDERS.c.source == record.source)
    if connection.execute(known).first() is None:
        values |= {"source": record.source, "first_heard_at": at}
        connection.execute(sa.insert(SENDERS).values(values))


def insert_boot(connection: Connection, record: BootRecord) -> bool:
    """Store a boot; False when it is known."""
    known = sa.select(BOOTS.c.id).where(BOOTS.c.id == record.id)
    if connection.execute(known).first() is not None:
        return False
    connection.execute(
        sa.insert(BOOTS).values(
            id=record.id,
            source=record.source,
            boot=visible(record.boot),
            announced=record.announced,
            at=record.at,
            record=json.dumps(dataclasses.asdict(record)),
        )
    )
    return True


def note_latest(
    connection: Connection,
    name: str,
    record: CountersRecord | ProbeRecord,
    received_at: float,
) -> None:
    """Keep the last record of a sort of which only the last counts."""
    connection.execute(sa.delete(LATEST).where(LATEST.c.name == name))
    connection.execute(
        sa.insert(LATEST).values(
            name=name,
            record=json.dumps(dataclasses.asdict(record)),
            received_at=received_at,
        )
    )


def report_to_json(report: Report) -> str:
    """Write an analysis for the store; ``report_from_json`` reads it back."""
    fields = dataclasses.asdict(report)
    fields["severity"] = report.severity.value
    return json.dumps(fields)


def report_from_json(text: str) -> Report:
    """Read a stored analysis; fields that this version does not know are left out."""
    fields = _known(Report, json.loads(text))
    facts = _known(Facts, fields.pop("facts"))
    frames = tuple(Frame(**_known(Frame, f)) for f in facts.pop("frames", ()))
    lists = {k: _tuples(v) for k, v in facts.items() if isinstance(v, list)}
    fields["severity"] = Severity(fields["severity"])
    return Report(**fields, facts=Facts(**{**facts, **lists}, frames=frames))


def _known(cls: type[Any], fields: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cls)}
    return {key: value for key, value in fields.items() if key in names}


def _tuples(value: list[Any]) -> tuple[Any, ...]:
    return tuple(tuple(v) if isinstance(v, list) else v for v in value)


def _plain(text: str | None) -> str | None:
    return None if text is None else visible(text)
