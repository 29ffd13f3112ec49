"""A sink that opens and closes problems at an incident tool.

One message may be several events, one for each silent host. They are sent one after
another; after a failure the next attempt goes on where this one ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from omprog_panic.render.templates import Rendered
    from omprog_panic.sinks.incident_event import IncidentEvent
    from omprog_panic.sinks.sink import Alert, Outcome


class IncidentTool(Protocol):
    """How one service is told of events."""

    def excess(self, subject: str, body: str) -> int:
        """Return by how many characters a message is too large."""
        ...

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        """Return what to send for an alert; at least one."""
        ...

    def send(self, event: IncidentEvent, body: str) -> Outcome:
        """Send one event. Never raises for what the service or network does."""
        ...


class IncidentSink:
    """Sends the events of each alert to an incident tool."""

    def __init__(self, tool: IncidentTool) -> None:
        self.tool = tool
        self._alert = ""  # the id of the notification that is being sent
        self._accepted = 0  # of its events

    def warm_up(self) -> None:
        """Do nothing: there is nothing besides the import of requests."""

    def preview(self, alert: Alert) -> Rendered:
        return alert.renderer.text(self.tool.excess)

    def deliver(self, alert: Alert) -> Outcome:
        subject, body = self.preview(alert)
        events = self.tool.events(alert, subject)
        id_ = alert.notification.id
        done = self._accepted if id_ == self._alert else 0
        self._alert, self._accepted = id_, 0
        outcome = None
        for number, event in enumerate(events[done:], done):
            outcome = self.tool.send(event, body)
            if not outcome.delivered:
                self._accepted = number
                return outcome
        assert outcome is not None  # there is an event left: see ``_accepted``
        return outcome

    def complete(self, alert: Alert) -> Outcome | None:
        """Send nothing more."""
