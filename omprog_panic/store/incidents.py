"""Incidents with their traces."""

from __future__ import annotations

import dataclasses
import json
import operator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from omprog_panic.kernel.analysis import ANALYSIS_VERSION, Facts, Frame, Report
from omprog_panic.model import Severity
from omprog_panic.plain import visible
from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import IncidentRecord
from omprog_panic.store.schema import INCIDENTS, TRACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Row

MAX_TITLE = 500
MAX_LISTED = 1000
_NAMES: dict[type[Any], tuple[str, ...]] = {
    cls: tuple(field.name for field in dataclasses.fields(cls))
    for cls in (Report, Facts, Frame)
}
_frame_values = operator.attrgetter(*_NAMES[Frame])


@dataclasses.dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident as intake judged it."""

    record: IncidentRecord
    report: Report
    decision: str
    received_at: float


def insert_incidents(
    connection: Connection, items: Sequence[tuple[StoredIncident, bytes]]
) -> set[str]:
    """Store incidents, each with the spool file it came in; give the ids of new ones.

    One statement a table for all of them: in a storm this is what intake waits for.
    """
    known = known_ids(connection, [incident.record.id for incident, _ in items])
    rows, traces = {}, {}
    for incident, content in items:
        id_ = incident.record.id
        if id_ not in known and id_ not in rows:
            rows[id_] = _incident_values(incident)
            traces[id_] = {"incident_id": id_, "spool_json": content}
    if rows:
        connection.execute(sa.insert(INCIDENTS), list(rows.values()))
        connection.execute(sa.insert(TRACES), list(traces.values()))
    return set(rows)


def known_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Return those of these ids that are stored."""
    if not ids:
        return set()
    query = sa.select(INCIDENTS.c.id).where(INCIDENTS.c.id.in_(ids))
    return set(connection.execute(query).scalars())


def _incident_values(incident: StoredIncident) -> dict[str, Any]:
    record = incident.record
    return {
        "id": record.id,
        "source": record.source,
        "host": _plain(record.host),
        "boot": visible(record.boot),
        "ended_by": record.end.value,
        "onset_at": record.onset.at or record.written_at,
        "received_at": incident.received_at,
        "decision": incident.decision,
        **_judged_values(record, incident.report),
    }


def _judged_values(record: IncidentRecord, report: Report) -> dict[str, Any]:
    """Return the columns that an analysis fills."""
    return {
        "kernel": _plain(report.facts.kernel or record.kernel),
        "kind": report.kind,
        "severity": report.severity.value,
        "title": visible(report.title)[:MAX_TITLE],
        "function": _plain(report.function),
        "fingerprint": report.fingerprint,
        "analysis_version": ANALYSIS_VERSION,
        "panicked": report.panicked,
        "report": report_to_json(report),
    }


def store_report(
    connection: Connection, record: IncidentRecord, report: Report
) -> None:
    """Put a newer analysis in the place of the stored one."""
    connection.execute(
        sa.update(INCIDENTS)
        .where(INCIDENTS.c.id == record.id)
        .values(_judged_values(record, report))
    )


def analysed_before(
    connection: Connection, version: int, after: str, limit: int
) -> list[str]:
    """Give ids, in their order, of incidents that older rules judged."""
    query = sa.select(INCIDENTS.c.id).where(
        INCIDENTS.c.analysis_version < version, INCIDENTS.c.id > after
    )
    return list(
        connection.execute(query.order_by(INCIDENTS.c.id).limit(limit)).scalars()
    )


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


def load_spool_file(connection: Connection, incident_id: str) -> bytes:
    """Return the file that an incident came in, unaltered."""
    query = sa.select(TRACES.c.spool_json).where(TRACES.c.incident_id == incident_id)
    return bytes(connection.execute(query).scalar_one())


def find_incidents(connection: Connection, prefix: str) -> list[str]:
    """Return the ids that begin with these digits, at most a handful."""
    query = sa.select(INCIDENTS.c.id).where(
        INCIDENTS.c.id.startswith(prefix, autoescape=True)
    )
    return list(connection.execute(query.order_by(INCIDENTS.c.id).limit(5)).scalars())


def list_incidents(connection: Connection, limit: int) -> list[Row[Any]]:
    """Return the newest incidents, without their traces."""
    columns = [c for c in INCIDENTS.c if c.name != "report"]
    query = sa.select(*columns).order_by(INCIDENTS.c.received_at.desc())
    return list(connection.execute(query.limit(min(limit, MAX_LISTED))))


def last_by_source(connection: Connection) -> dict[str, dict[str, Any]]:
    """Give id and time of the newest incident of each sender."""
    newest = (
        sa.select(INCIDENTS.c.source, sa.func.max(INCIDENTS.c.received_at).label("at"))
        .group_by(INCIDENTS.c.source)
        .subquery()
    )
    query = sa.select(INCIDENTS.c.source, INCIDENTS.c.id, INCIDENTS.c.onset_at).join(
        newest,
        sa.and_(
            newest.c.source == INCIDENTS.c.source,
            newest.c.at == INCIDENTS.c.received_at,
        ),
    )
    rows = connection.execute(query.order_by(INCIDENTS.c.onset_at))
    return {row.source: {"id": row.id, "onset_at": row.onset_at} for row in rows}


def count_incidents(connection: Connection) -> int:
    """Count all incidents in the store."""
    counted = connection.execute(sa.select(sa.func.count()).select_from(INCIDENTS))
    return int(counted.scalar_one())


def report_to_json(report: Report) -> str:
    """Write an analysis for the store; ``report_from_json`` reads it back."""
    fields = {name: getattr(report, name) for name in _NAMES[Report]}
    fields["severity"] = report.severity.value
    # dataclasses.asdict would copy every frame, deeply: half of what intake costs.
    facts = {name: getattr(report.facts, name) for name in _NAMES[Facts]}
    names = _NAMES[Frame]
    facts["frames"] = [
        dict(zip(names, _frame_values(frame), strict=True))
        for frame in report.facts.frames
    ]
    fields["facts"] = facts
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
    names = _NAMES[cls]
    return {key: value for key, value in fields.items() if key in names}


def _tuples(value: list[Any]) -> tuple[Any, ...]:
    return tuple(tuple(v) if isinstance(v, list) else v for v in value)


def _plain(text: str | None) -> str | None:
    return None if text is None else visible(text)
