"""Decisions with their reasons, and the memory of the policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from omprog_panic.plain import visible
from omprog_panic.store.schema import DECISIONS, INCIDENTS, POLICY_LOG, POLICY_STATE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection, Row

MAX_SHOWN = 100  # decisions on a cause that belong to one incident
IN_ONE_QUERY = 500
MAX_LOG_BYTES = 64_000_000  # of the policy's log; what is older goes


class StoredDecision(NamedTuple):
    """One row; ``services`` are labels."""

    at: float
    subject: str
    decision: str
    reason: str
    services: Sequence[str]
    cause: str | None
    message_id: str | None


def insert_decisions(connection: Connection, rows: Sequence[StoredDecision]) -> None:
    """Store decisions."""
    if rows:
        values = [
            {
                **row._asdict(),
                "reason": visible(row.reason),
                "services": json.dumps(list(row.services)),
            }
            for row in rows
        ]
        connection.execute(sa.insert(DECISIONS), values)


def decisions_on(connection: Connection, incident_id: str) -> list[Row[Any]]:
    """Return what was decided about an incident, and later about its cause."""
    mine = sa.select(DECISIONS).where(DECISIONS.c.subject == f"incident:{incident_id}")
    rows = list(connection.execute(mine.order_by(DECISIONS.c.id)))
    causes = {row.cause for row in rows if row.cause is not None}
    held = [row for row in rows if row.decision.startswith("SUPPRESS_")]
    if not causes or not held:
        return rows
    later = (
        sa.select(DECISIONS)
        .where(DECISIONS.c.subject.in_([f"cause:{cause}" for cause in causes]))
        .where(DECISIONS.c.id > rows[0].id)
        .order_by(DECISIONS.c.id)
        .limit(MAX_SHOWN)
    )
    # To each service the first message about the cause after that is the one that has
    # the incident.
    waiting = {(row.cause, s) for row in held for s in json.loads(row.services)}
    told = []
    for row in connection.execute(later):
        having = {(row.cause, s) for s in json.loads(row.services)} & waiting
        waiting -= having
        if having:
            told.append(row)
    return [*rows, *told]


def forget_decisions(connection: Connection, before: float, limit: int) -> None:
    """Delete old decisions on what is no incident, and old turns of the policy."""
    old = (
        sa.select(DECISIONS.c.id)
        .where(DECISIONS.c.at < before, DECISIONS.c.subject.not_like("incident:%"))
        .limit(limit)
    )
    ids = list(connection.execute(old).scalars())
    if ids:
        connection.execute(sa.delete(DECISIONS).where(DECISIONS.c.id.in_(ids)))
    _forget_turns(connection)


def _forget_turns(connection: Connection) -> None:
    """Keep so much of the log as MAX_LOG_BYTES; it can be played from a state on."""
    states = sa.select(POLICY_LOG.c.id).where(POLICY_LOG.c.kind == "state")
    newest_first = states.order_by(POLICY_LOG.c.id.desc())
    ids = list(connection.execute(newest_first).scalars())
    size = sa.select(sa.func.sum(sa.func.length(POLICY_LOG.c.content)))
    begin = None
    for id_ in ids:
        held = connection.execute(size.where(POLICY_LOG.c.id >= id_)).scalar()
        if begin is not None and int(held or 0) > MAX_LOG_BYTES:
            break
        begin = id_
    if begin is not None:
        connection.execute(sa.delete(POLICY_LOG).where(POLICY_LOG.c.id < begin))


def delete_decisions(connection: Connection, incident_ids: Sequence[str]) -> None:
    """Delete what was decided about incidents that are deleted."""
    subjects = [f"incident:{id_}" for id_ in incident_ids]
    connection.execute(sa.delete(DECISIONS).where(DECISIONS.c.subject.in_(subjects)))


def histories(
    connection: Connection, fingerprints: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Return for each of these what the archive knows of it; only those it knows."""
    if not fingerprints:
        return {}
    mine = INCIDENTS.c.fingerprint.in_(list(fingerprints))
    counted = sa.select(
        INCIDENTS.c.fingerprint,
        sa.func.count().label("crashes"),
        sa.func.count(sa.distinct(INCIDENTS.c.source)).label("hosts"),
        sa.func.min(INCIDENTS.c.received_at).label("first_at"),
        sa.func.max(INCIDENTS.c.received_at).label("last_at"),
    )
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(
        counted.where(mine).group_by(INCIDENTS.c.fingerprint)
    ):
        fields = dict(row._mapping)  # noqa: SLF001 - its public name
        fingerprint = fields.pop("fingerprint")
        found[fingerprint] = {**fields, "kernels": ()}
    kernels = sa.select(INCIDENTS.c.fingerprint, INCIDENTS.c.kernel).distinct()
    named = kernels.where(mine, INCIDENTS.c.kernel.is_not(None))
    for row in connection.execute(named):
        found[row.fingerprint]["kernels"] += (row.kernel,)
    return found


def load_state(connection: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every row of the policy's memory."""
    rows = connection.execute(sa.select(POLICY_STATE))
    return [(row.part, row.name, json.loads(row.content)) for row in rows]


def store_state(
    connection: Connection, changes: Sequence[tuple[str, str, dict[str, Any] | None]]
) -> None:
    """Put changed rows in the place of the stored ones; None: gone."""
    by_part: dict[str, list[str]] = {}
    for part, name, _ in changes:
        by_part.setdefault(part, []).append(name)
    for part, names in by_part.items():
        for start in range(0, len(names), IN_ONE_QUERY):
            some = names[start : start + IN_ONE_QUERY]
            connection.execute(
                sa.delete(POLICY_STATE).where(
                    POLICY_STATE.c.part == part, POLICY_STATE.c.name.in_(some)
                )
            )
    values = [
        {"part": part, "name": name, "content": json.dumps(row)}
        for part, name, row in changes
        if row is not None
    ]
    if values:
        connection.execute(sa.insert(POLICY_STATE), values)


def log_policy(connection: Connection, at: float, kind: str, content: object) -> None:
    """Write down what happened to the policy."""
    values = {"at": at, "kind": kind, "content": json.dumps(content)}
    connection.execute(sa.insert(POLICY_LOG).values(values))


def policy_log(connection: Connection) -> list[tuple[str, Any]]:
    """Return the whole log of the policy: kind and content."""
    query = sa.select(POLICY_LOG.c.kind, POLICY_LOG.c.content)
    rows = connection.execute(query.order_by(POLICY_LOG.c.id))
    return [(row.kind, json.loads(row.content)) for row in rows]
