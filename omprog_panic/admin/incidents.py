"""Stored incidents for people: lists, and one whole."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from omprog_panic.clock import rfc3339
from omprog_panic.errors import OmprogPanicError
from omprog_panic.policy.decision import Decision
from omprog_panic.render.context import utc
from omprog_panic.render.incident import Framing, build_context
from omprog_panic.store import incidents
from omprog_panic.store.connect import existing_database
from omprog_panic.store.decisions import decisions_on
from omprog_panic.store.notification_log import deliveries
from omprog_panic.store.report_codec import report_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from omprog_panic.render.catalog import Catalog
    from omprog_panic.render.context import MessageContext
    from omprog_panic.store.decisions import StoredDecision
    from omprog_panic.store.notification_log import Delivery


FEWEST_DIGITS = 4
NO_NAMES: Mapping[str, str] = types.MappingProxyType({})


def list_archive(
    path: Path, limit: int, host_names: Mapping[str, str] = NO_NAMES
) -> list[dict[str, Any]]:
    """Return the newest incidents of a database.

    ``host_names`` maps addresses to the names that config.yaml gives.

    Raises:
        StoreError: it cannot be read.

    """
    with existing_database(path) as database, database.read() as connection:
        found = incidents.list_incidents(connection, limit)
    return [
        {
            **incident_fields(row),
            "host": host_names.get(row.source) or row.host,
            "time": utc(row.onset_at),
        }
        for row in found
    ]


def show_archived(
    path: Path, prefix: str, host_names: Mapping[str, str] = NO_NAMES
) -> dict[str, Any]:
    """Return one incident with its trace, its analysis and its deliveries.

    Raises:
        OmprogPanicError: no incident, or several, begin with these digits.
        StoreError: the database cannot be read.

    """
    with existing_database(path) as database, database.read() as connection:
        incident_id = find_one(connection, prefix)
        incident = incidents.load_incident(connection, incident_id)
        assert incident is not None
        rows = deliveries(connection, incident_id)
        decided = decisions_on(connection, incident_id)
    context = build_context(incident.record, incident.report, host_names)
    return {
        **context.variables(),
        "decision": incident.decision,
        "decided_because": _reason(incident.decision),
        "decisions": [_decision(row) for row in decided],
        "report": report_fields(incident.report),
        "deliveries": [_delivery(row) for row in rows],
    }


def archived_context(
    path: Path, prefix: str, catalog: Catalog, host_names: Mapping[str, str]
) -> MessageContext:
    """Return what a template may use of a stored incident.

    Raises:
        OmprogPanicError: no incident, or several, begin with these digits.
        StoreError: the database cannot be read.

    """
    with existing_database(path) as database, database.read() as connection:
        found = incidents.load_incident(connection, find_one(connection, prefix))
    assert found is not None
    return build_context(found.record, found.report, host_names, Framing(catalog))


def incident_fields(row: incidents.IncidentSummary) -> dict[str, Any]:
    """Return an incident as JSON output shows it."""
    return {
        "id": row.id,
        "source": row.source,
        "host": row.host,
        "boot": row.boot,
        "kernel": row.kernel,
        "kind": row.kind,
        "severity": row.severity,
        "title": row.title,
        "function": row.function,
        "fingerprint": row.fingerprint,
        "analysis_version": row.analysis_version,
        "panicked": row.panicked,
        "ended_by": row.ended_by,
        "onset_at": row.onset_at,
        "received_at": row.received_at,
        "decision": row.decision,
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "notification_id": row.notification_id,
        "decision": row.decision,
        "service_label": row.service_label,
        "state": row.state,
        "attempts": row.attempts,
        "finished_at": row.finished_at,
        "last_reason": row.last_reason,
    }


def _decision(row: StoredDecision) -> dict[str, Any]:
    return {
        "time": utc(rfc3339(row.at)),
        "about": row.subject.partition(":")[0],
        "decision": row.decision,
        "meaning": _reason(row.decision),
        "reason": row.reason,
        "services": list(row.services),
        "cause": row.cause,
        "message_id": row.message_id,
    }


def find_one(connection: Connection, prefix: str) -> str:
    """Return the id of the incident that begins with these digits.

    Raises:
        OmprogPanicError: none does, or several do, or they are too few digits.

    """
    if len(prefix) < FEWEST_DIGITS:
        raise OmprogPanicError(
            f"{prefix!r} is too short: write at least {FEWEST_DIGITS} digits of an id"
        )
    found = incidents.find_incidents(connection, prefix.lower())
    if not found:
        raise OmprogPanicError(f"no incident begins with {prefix!r}")
    if len(found) > 1:
        listed = ", ".join(found)
        raise OmprogPanicError(f"several incidents begin with {prefix!r}: {listed}")
    return found[0]


def _reason(decision: str) -> str:
    return Decision[decision].value if decision in Decision.__members__ else decision
