"""Causes that are open: who has them, and which incidents belong to them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.clock import rfc3339
from omprog_panic.policy.group import DRILL, LOOP
from omprog_panic.policy.lifecycle import open_rows
from omprog_panic.render.context import utc

if TYPE_CHECKING:
    from omprog_panic.notification.holder import Holder
    from omprog_panic.policy.state.cause import CauseState
    from omprog_panic.policy.state.memory import Memory

FIRING, ACKNOWLEDGED, RESOLVED = "firing", "acknowledged", "resolved"
MAX_NAMED = 10  # hosts in a line
SAME_TIME_S = 5.0  # between the intake of an incident and its evaluation


@dataclasses.dataclass(frozen=True, slots=True)
class OpenCause:
    """A cause that is not resolved, over all services; times are in UTC."""

    cause: str
    severity: str
    title: str
    hosts: tuple[str, ...]
    crashes: int
    since: str
    holder: Holder | None
    escalated: int  # to so many services

    @property
    def state(self) -> str:
        """Whether somebody has it."""
        return FIRING if self.holder is None else ACKNOWLEDGED

    @property
    def held(self) -> str:
        """Who has it, in words; empty: nobody."""
        return "" if self.holder is None else describe_holder(self.holder)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "cause": self.cause,
            "state": self.state,
            "severity": self.severity,
            "title": self.title,
            "hosts": list(self.hosts),
            "crashes": self.crashes,
            "since": self.since,
            "acknowledged": holder_to_json(self.holder),
            "escalated": self.escalated,
        }


def describe_holder(holder: Holder) -> str:
    """Return who has a cause, until when and why."""
    until = "" if holder.until is None else f" until {utc(rfc3339(holder.until))}"
    comment = f": {holder.comment}" if holder.comment else ""
    return f"{holder.author}{until}{comment}"


def describe_cause(cause: OpenCause) -> str:
    """Return an open cause in a line."""
    hosts = ", ".join(cause.hosts[:MAX_NAMED])
    more = f" and {len(cause.hosts) - MAX_NAMED} more" * (len(cause.hosts) > MAX_NAMED)
    held = f"acknowledged by {cause.held}" if cause.holder else FIRING
    return (
        f"{cause.cause}: {cause.severity}: {cause.title} on {hosts}{more} "
        f"since {cause.since}, {held}"
    )


def holder_to_json(holder: Holder | None) -> dict[str, Any] | None:
    """Return who has a cause as a JSON object."""
    if holder is None:
        return None
    return {
        "author": holder.author,
        "at": None if holder.at is None else utc(rfc3339(holder.at)),
        "until": None if holder.until is None else utc(rfc3339(holder.until)),
        "comment": holder.comment,
    }


def open_causes(memory: Memory) -> list[OpenCause]:
    """Return the causes that are not resolved, the oldest first."""
    found = []
    for _, cause in sorted(memory.causes.rows.items()):
        rows = open_rows(memory, cause)
        if rows:
            first = min(rows, key=lambda row: row.start.at)
            hosts = {a: h.name or a for row in rows for a, h in row.seen.hosts.items()}
            found.append(
                (
                    first.start.at,
                    OpenCause(
                        cause=cause.cause,
                        severity=first.start.labels.severity,
                        title=first.start.labels.title,
                        hosts=tuple(sorted(hosts.values())),
                        crashes=max(row.seen.crashes for row in rows),
                        since=utc(rfc3339(first.start.at)),
                        holder=cause.holder,
                        escalated=len(cause.targets),
                    ),
                )
            )
    return [cause for _, cause in sorted(found, key=lambda item: item[0])]


def causes_of(fingerprint: str, source: str) -> tuple[str, ...]:
    """Return the causes that an incident may have been counted for."""
    keys = (fingerprint, f"{LOOP}{source}")
    return (*keys, *(f"{DRILL}{key}" for key in keys))


def cause_of(
    memory: Memory, fingerprint: str, source: str, received_at: float
) -> CauseState | None:
    """Return the open cause that an incident belongs to; None: it is resolved."""
    for key in causes_of(fingerprint, source):
        cause = memory.causes.get(key)
        rows = [] if cause is None else open_rows(memory, cause)
        for row in rows:
            begun = row.start.at <= received_at + SAME_TIME_S
            if source in row.seen.hosts and begun:
                return cause
    return None


def state_of(cause: CauseState | None, decision: str) -> str | None:
    """Return where an incident stands; None: nobody was notified of it."""
    if cause is not None:
        return FIRING if cause.holder is None else ACKNOWLEDGED
    notified = decision.startswith(("NOTIFY_", "SUPPRESS_"))
    return RESOLVED if notified else None
