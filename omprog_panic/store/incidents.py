"""Incidents with their traces."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.clock import in_utc
from omprog_panic.kernel.analysis import ANALYSIS_VERSION
from omprog_panic.plain import visible
from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import IncidentRecord
from omprog_panic.store.report_codec import report_from_json, report_to_json
from omprog_panic.store.schema import INCIDENTS, TRACES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy.engine import Connection, Row

    from omprog_panic.kernel.report import Report

MAX_TITLE = 500
MAX_FOUND = 5  # ids that begin alike


@dataclasses.dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident as intake analysed it."""

    record: IncidentRecord
    report: Report
    decision: str
    received_at: float


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentSummary:
    """An incident without trace and report: the other columns of its row, all 17."""

    id: str
    source: str
    host: str | None
    boot: str
    kernel: str | None
    kind: str
    severity: str
    title: str
    function: str | None
    subsystem: str | None
    fingerprint: str
    analysis_version: int
    panicked: bool
    ended_by: str
    onset_at: str  # RFC 3339
    received_at: float
    decision: str


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents to list; the default is all of them.

    ``since`` and ``until`` are RFC 3339 in UTC and count from the crash; ``until`` is
    excluded. ``fingerprint``: its first digits.
    """

    since: str = ""
    until: str = ""
    severities: tuple[str, ...] = ()
    fingerprint: str = ""


EVERY_INCIDENT = IncidentFilter()


@dataclasses.dataclass(frozen=True, slots=True)
class LatestIncident:
    """The newest incident of a sender."""

    id: str
    onset_at: str  # RFC 3339


@dataclasses.dataclass(frozen=True, slots=True)
class CauseHistory:
    """What the archive knows of a cause; times are wall times."""

    crashes: int
    hosts: int
    first_at: float
    last_at: float
    kernels: tuple[str, ...] = ()


def insert_incidents(
    connection: Connection, items: Sequence[tuple[StoredIncident, bytes]]
) -> set[str]:
    """Store incidents, each with its spool file; return the ids of the new ones.

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


def _incident_values(incident: StoredIncident) -> dict[str, object]:
    record = incident.record
    return {
        "id": record.id,
        "source": record.source,
        "host": _visible(record.host),
        "boot": visible(record.boot),
        "ended_by": record.end.value,
        "onset_at": in_utc(record.onset.at or record.written_at),
        "received_at": incident.received_at,
        "decision": incident.decision,
        **_analysis_values(record, incident.report),
    }


def _analysis_values(record: IncidentRecord, report: Report) -> dict[str, object]:
    """Return the columns that an analysis fills."""
    return {
        "kernel": _visible(report.facts.kernel or record.kernel),
        "kind": report.kind,
        "severity": report.severity.value,
        "title": visible(report.title)[:MAX_TITLE],
        "function": _visible(report.function),
        "subsystem": _visible(report.subsystem),
        "fingerprint": report.fingerprint,
        "analysis_version": ANALYSIS_VERSION,
        "panicked": report.panicked,
        "report": report_to_json(report),
    }


def replace_report(
    connection: Connection, record: IncidentRecord, report: Report
) -> None:
    """Replace the stored analysis of an incident by a newer one."""
    connection.execute(
        sa.update(INCIDENTS)
        .where(INCIDENTS.c.id == record.id)
        .values(_analysis_values(record, report))
    )


def analysed_before(
    connection: Connection, version: int, after: str, limit: int
) -> list[str]:
    """Return ids above ``after``, in order, of incidents with an older analysis."""
    query = sa.select(INCIDENTS.c.id).where(
        INCIDENTS.c.analysis_version < version, INCIDENTS.c.id > after
    )
    return list(
        connection.execute(query.order_by(INCIDENTS.c.id).limit(limit)).scalars()
    )


def load_incident(connection: Connection, incident_id: str) -> StoredIncident | None:
    """Return an incident with its trace; None: there is none of this id.

    Raises:
        ValueError: it was stored in a version that this program cannot read.

    """
    query = sa.select(INCIDENTS, TRACES.c.spool_json).join_from(INCIDENTS, TRACES)
    row = connection.execute(query.where(INCIDENTS.c.id == incident_id)).first()
    if row is None:
        return None
    record = decode(row.spool_json)
    assert isinstance(record, IncidentRecord)
    report = report_from_json(row.report)
    return StoredIncident(record, report, row.decision, row.received_at)


def load_spool_file(connection: Connection, incident_id: str) -> bytes:
    """Return the spool file of an incident, byte for byte."""
    query = sa.select(TRACES.c.spool_json).where(TRACES.c.incident_id == incident_id)
    return bytes(connection.execute(query).scalar_one())


def find_incidents(connection: Connection, prefix: str) -> list[IncidentSummary]:
    """Return incidents whose ids begin with these digits, at most ``MAX_FOUND``."""
    query = _summaries().where(INCIDENTS.c.id.startswith(prefix, autoescape=True))
    rows = connection.execute(query.order_by(INCIDENTS.c.id).limit(MAX_FOUND))
    return [_summary(row) for row in rows]


def list_incidents(
    connection: Connection,
    wanted: IncidentFilter = EVERY_INCIDENT,
    limit: int | None = None,
) -> Iterator[IncidentSummary]:
    """Yield incidents, the newest first; ``limit`` None: all of them."""
    query = _summaries().limit(limit)
    if wanted.since:
        query = query.where(INCIDENTS.c.onset_at >= wanted.since)
    if wanted.until:
        query = query.where(INCIDENTS.c.onset_at < wanted.until)
    if wanted.severities:
        query = query.where(INCIDENTS.c.severity.in_(wanted.severities))
    if wanted.fingerprint:
        begins = INCIDENTS.c.fingerprint.startswith(wanted.fingerprint, autoescape=True)
        query = query.where(begins)
    newest_first = query.order_by(INCIDENTS.c.received_at.desc(), INCIDENTS.c.id)
    for row in connection.execute(newest_first):
        yield _summary(row)


def _summaries() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(c for c in INCIDENTS.c if c.name != "report"))


def _summary(row: Row[tuple[object, ...]]) -> IncidentSummary:
    return IncidentSummary(
        id=row.id,
        source=row.source,
        host=row.host,
        boot=row.boot,
        kernel=row.kernel,
        kind=row.kind,
        severity=row.severity,
        title=row.title,
        function=row.function,
        subsystem=row.subsystem,
        fingerprint=row.fingerprint,
        analysis_version=row.analysis_version,
        panicked=row.panicked,
        ended_by=row.ended_by,
        onset_at=row.onset_at,
        received_at=row.received_at,
        decision=row.decision,
    )


def latest_by_source(connection: Connection) -> dict[str, LatestIncident]:
    """Return the newest incident of each sender, by address."""
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
    return {row.source: LatestIncident(row.id, row.onset_at) for row in rows}


def cause_histories(
    connection: Connection, fingerprints: Collection[str]
) -> dict[str, CauseHistory]:
    """Return what the archive knows of causes, by fingerprint; only known ones."""
    if not fingerprints:
        return {}
    mine = INCIDENTS.c.fingerprint.in_(list(fingerprints))
    pairs = sa.select(INCIDENTS.c.fingerprint, INCIDENTS.c.kernel).distinct()
    kernels: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(pairs.where(mine, INCIDENTS.c.kernel.is_not(None))):
        kernels[row.fingerprint] = (*kernels.get(row.fingerprint, ()), row.kernel)
    counted = sa.select(
        INCIDENTS.c.fingerprint,
        sa.func.count().label("crashes"),
        sa.func.count(sa.distinct(INCIDENTS.c.source)).label("hosts"),
        sa.func.min(INCIDENTS.c.received_at).label("first_at"),
        sa.func.max(INCIDENTS.c.received_at).label("last_at"),
    )
    rows = connection.execute(counted.where(mine).group_by(INCIDENTS.c.fingerprint))
    return {
        row.fingerprint: CauseHistory(
            crashes=row.crashes,
            hosts=row.hosts,
            first_at=row.first_at,
            last_at=row.last_at,
            kernels=kernels.get(row.fingerprint, ()),
        )
        for row in rows
    }


def count_incidents(connection: Connection) -> int:
    """Return the number of stored incidents."""
    counted = connection.execute(sa.select(sa.func.count()).select_from(INCIDENTS))
    return int(counted.scalar_one())


def _visible(text: str | None) -> str | None:
    return None if text is None else visible(text)
