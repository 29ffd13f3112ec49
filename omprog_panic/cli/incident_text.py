"""One stored incident as text: facts, decisions, deliveries, trace. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.admin.causes import describe_holder
from omprog_panic.plain import visible
from omprog_panic.render.context import ID_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.admin.incidents import IncidentDetails

# What is shown of an incident, and under which name.
_FACTS = (
    ("severity", "severity"), ("host", "host"), ("address", "address"),
    ("time", "time"), ("title", "title"), ("kernel", "kernel"),
    ("process", "process"), ("hardware", "hardware"), ("taint", "taint"),
    ("function", "function"), ("subsystem", "place"),
    ("trace", "completeness"), ("ending", "ending"),
    ("decision", "decision"), ("decided because", "decided_because"),
)  # fmt: skip
_WIDTH = 17


def incident_text(details: IncidentDetails) -> str:
    """Return an incident with its decisions, its deliveries and its trace."""
    return "\n".join(_lines(details))


def _lines(details: IncidentDetails) -> Iterator[str]:
    facts = details.to_json()
    yield _row("id", details.id[:ID_DIGITS])
    for name, key in _FACTS:
        yield _row(name, facts[key])
    yield _row("cause", details.incident.report.fingerprint)
    yield _row("state", _state(details))
    for row in details.decisions:
        services = row.decision.services
        listed = f" [{'; '.join(services)}]" if services else ""
        words = f"{row.decision.decision}: {row.meaning} ({row.decision.reason})"
        yield _row("decided", f"{row.time} {words}{listed}")
    for delivery in details.deliveries:
        count = delivery.attempts
        attempts = "1 attempt" if count == 1 else f"{count} attempts"
        reason = f" ({delivery.last_reason})" if delivery.last_reason else ""
        words = f"{delivery.service_label}: {delivery.state} after {attempts}{reason}"
        yield _row("delivery", words)
    yield f"\n{facts['trace']}"


def _state(details: IncidentDetails) -> str | None:
    held = details.acknowledged
    if held is None:
        return details.state
    return f"{details.state} by {visible(describe_holder(held))}"


def _row(name: str, value: object) -> str:
    return f"{name + ':':<{_WIDTH}}{'-' if value is None else value}"
