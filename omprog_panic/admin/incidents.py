"""A stored incident in full."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.causes import cause_of, holder_to_json, state_of
from omprog_panic.admin.incident_ids import resolve_id
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import rfc3339
from omprog_panic.policy.decision import meaning_of
from omprog_panic.render.context import utc
from omprog_panic.render.incident import Framing, build_context, unlisted
from omprog_panic.store import incidents
from omprog_panic.store.connect import existing_database
from omprog_panic.store.decisions import decisions_on
from omprog_panic.store.notification_log import deliveries
from omprog_panic.store.report_codec import report_fields

if TYPE_CHECKING:
    from omprog_panic.notification.holder import Holder
    from omprog_panic.render.catalog import Catalog
    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.incident import NameOf
    from omprog_panic.store.connect import Location
    from omprog_panic.store.decisions import StoredDecision
    from omprog_panic.store.incidents import StoredIncident
    from omprog_panic.store.notification_log import Delivery

# Decisions on a cause that are shown with every incident of it; the last one ends it.
LIFECYCLE_STEPS = (
    "NOTIFY_ESCALATED",
    "NOTIFY_ACKNOWLEDGED",
    "NOTIFY_UNACKNOWLEDGED",
    "NOTIFY_RESOLVED",
)


@dataclasses.dataclass(frozen=True, slots=True)
class ExplainedDecision:
    """A decision of the policy about an incident, and what it means."""

    decision: StoredDecision

    @property
    def time(self) -> str:
        """When it was made, in UTC."""
        return utc(rfc3339(self.decision.at))

    @property
    def meaning(self) -> str:
        """The meaning of the decision's code."""
        return explain_decision(self.decision.decision)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "time": self.time,
            "about": self.decision.subject.partition(":")[0],
            "decision": self.decision.decision,
            "meaning": self.meaning,
            "reason": self.decision.reason,
            "services": list(self.decision.services),
            "cause": self.decision.cause,
            "message_id": self.decision.message_id,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentDetails:
    """An incident with its trace, its analysis, decisions and deliveries."""

    incident: StoredIncident
    context: MessageContext  # what templates may use
    decisions: tuple[ExplainedDecision, ...]
    deliveries: tuple[Delivery, ...]
    state: str | None = None  # as of a ListedIncident
    acknowledged: Holder | None = None  # by whom

    @property
    def id(self) -> str:
        """The whole id."""
        return self.incident.record.id

    @property
    def title(self) -> str:
        """One line that names the crash."""
        return self.incident.report.title

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object: the variables of templates, and the rest."""
        return {
            **self.context.variables(),
            "decision": self.incident.decision,
            "decided_because": explain_decision(self.incident.decision),
            "state": self.state,
            "acknowledged": holder_to_json(self.acknowledged),
            "decisions": [decision.to_json() for decision in self.decisions],
            "report": report_fields(self.incident.report),
            "deliveries": [delivery_to_json(row) for row in self.deliveries],
        }


def load_incident(
    location: Location, prefix: str, name_of: NameOf = unlisted
) -> IncidentDetails:
    """Return the incident whose id begins with ``prefix``, in full.

    Raises:
        OmprogPanicError: no incident, or several, begin so.
        StoreError: the database cannot be read.

    """
    with existing_database(location) as database, database.read() as connection:
        incident_id = resolve_id(connection, prefix)
        incident = incidents.load_incident(connection, incident_id)
        assert incident is not None
        rows = deliveries(connection, incident_id)
        decided = decisions_on(connection, incident_id, LIFECYCLE_STEPS)
        memory = open_memory(connection)
    cause = cause_of(
        memory,
        incident.report.fingerprint,
        incident.record.source,
        incident.received_at,
    )
    return IncidentDetails(
        incident=incident,
        context=build_context(incident.record, incident.report, name_of),
        decisions=tuple(map(ExplainedDecision, decided)),
        deliveries=tuple(rows),
        state=state_of(cause, incident.decision),
        acknowledged=None if cause is None else cause.holder,
    )


def template_context(
    location: Location, prefix: str, catalog: Catalog, name_of: NameOf
) -> MessageContext:
    """Return what a template may use of the incident whose id begins so.

    Raises:
        OmprogPanicError: no incident, or several, begin so.
        StoreError: the database cannot be read.

    """
    with existing_database(location) as database, database.read() as connection:
        found = incidents.load_incident(connection, resolve_id(connection, prefix))
    assert found is not None
    return build_context(found.record, found.report, name_of, Framing(catalog))


def explain_decision(code: str) -> str:
    """Return what the code of a decision means; an unknown code unchanged."""
    return meaning_of(code)


def delivery_to_json(row: Delivery) -> dict[str, Any]:
    """Return a delivery of an incident as a JSON object."""
    return {
        "notification_id": row.notification_id,
        "decision": row.decision,
        "service_label": row.service_label,
        "state": row.state,
        "attempts": row.attempts,
        "finished_at": row.finished_at,
        "last_reason": row.last_reason,
    }
