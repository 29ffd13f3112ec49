"""What the policy decided, and why."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.plain import visible
from omprog_panic.store.schema import DECISIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Row

MAX_SHOWN = 100  # later decisions on a cause that include one incident
SERVICES_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class StoredDecision:
    """One decision.

    ``subject`` is "incident:ID", "cause:KEY", "sender:ADDRESS", "service:KEY",
    "silence:ID" or "monitor"; ``services`` are labels. ``suppressed``: nothing is sent
    now, but a later message about the same cause includes the incident.
    """

    at: float
    subject: str
    decision: str
    reason: str
    services: tuple[str, ...]
    cause: str | None
    message_id: str | None
    suppressed: bool = False


def insert_decisions(connection: Connection, rows: Sequence[StoredDecision]) -> None:
    """Store decisions."""
    if rows:
        values = [
            {
                "at": row.at,
                "subject": row.subject,
                "decision": row.decision,
                "reason": visible(row.reason),
                "services": services_to_json(row.services),
                "cause": row.cause,
                "message_id": row.message_id,
                "suppressed": row.suppressed,
            }
            for row in rows
        ]
        connection.execute(sa.insert(DECISIONS), values)


def decisions_on(
    connection: Connection, incident_id: str, steps: Sequence[str] = ()
) -> list[StoredDecision]:
    """Return the decisions on an incident, then those on its cause that include it.

    ``steps``: decisions on a cause that include every incident before them, up to the
    last of these words, which ends it.
    """
    subject = f"incident:{incident_id}"
    mine = sa.select(DECISIONS).where(DECISIONS.c.subject == subject)
    rows = list(connection.execute(mine.order_by(DECISIONS.c.id)))
    decided = [_decision(row) for row in rows]
    causes = {row.cause for row in decided if row.cause is not None}
    suppressed = [row for row in decided if row.suppressed]
    if not causes or not (suppressed or steps):
        return decided
    later = (
        sa.select(DECISIONS)
        .where(DECISIONS.c.subject.in_([f"cause:{cause}" for cause in causes]))
        .where(DECISIONS.c.id > rows[0].id)
        .order_by(DECISIONS.c.id)
        .limit(MAX_SHOWN)
    )
    # The incident is in the next message about its cause to each service.
    waiting = {(row.cause, service) for row in suppressed for service in row.services}
    including, steps = [], list(steps)
    for row in map(_decision, connection.execute(later)):
        if row.decision in steps:
            including.append(row)
            steps = steps[-1:] if row.decision == steps[-1] else steps
            continue
        served = {(row.cause, service) for service in row.services} & waiting
        waiting -= served
        if served:
            including.append(row)
    return [*decided, *including]


def prune_decisions(connection: Connection, before: float, limit: int) -> None:
    """Delete old decisions that are about something other than an incident."""
    old = (
        sa.select(DECISIONS.c.id)
        .where(DECISIONS.c.at < before, DECISIONS.c.subject.not_like("incident:%"))
        .limit(limit)
    )
    ids = list(connection.execute(old).scalars())
    if ids:
        connection.execute(sa.delete(DECISIONS).where(DECISIONS.c.id.in_(ids)))


def delete_decisions(connection: Connection, incident_ids: Sequence[str]) -> None:
    """Delete the decisions on incidents that are being deleted."""
    subjects = [f"incident:{id_}" for id_ in incident_ids]
    connection.execute(sa.delete(DECISIONS).where(DECISIONS.c.subject.in_(subjects)))


def services_to_json(labels: Sequence[str]) -> str:
    """Return the column ``services``; ``services_from_json`` reads it."""
    return json.dumps({"version": SERVICES_VERSION, "labels": list(labels)})


def services_from_json(text: str) -> tuple[str, ...]:
    """Parse the column ``services``.

    Raises:
        ValueError: this program cannot read it.

    """
    body = json.loads(text)
    if body.get("version") != SERVICES_VERSION:
        raise ValueError(f"services of a decision: unknown form: {text[:100]}")
    return tuple(body["labels"])


def _decision(row: Row[tuple[object, ...]]) -> StoredDecision:
    return StoredDecision(
        at=row.at,
        subject=row.subject,
        decision=row.decision,
        reason=row.reason,
        services=services_from_json(row.services),
        cause=row.cause,
        message_id=row.message_id,
        suppressed=row.suppressed,
    )
