"""Events of the alerter, for tests and tools that embed it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class AlerterEvent(NamedTuple):
    """Something happened.

    ``name`` is one of: started (fields: services), incident (id, source, severity,
    title, decision, records), delivered (id, service, attempt, took_s, subject,
    body), deferred (id, service, attempt, reason, again_in_s), dead (id, service,
    reason), file delivered (id, service, attempt, file), file refused (the same and
    reason), reloaded, reload-refused (faults), stopped.
    """

    name: str
    fields: dict[str, object]


if TYPE_CHECKING:
    EventSink = Callable[[AlerterEvent], None]


def ignore(event: AlerterEvent) -> None:
    """Ignore an event."""
