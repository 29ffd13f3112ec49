"""A sink that opens and closes problems at an incident tool.

One message may be several events, one for each silent host. They are sent one after
another; after a failure the next attempt goes on where this one ended. What a tool
refuses for its content is sent once more without most of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from omprog_panic.sinks.http_api import DELIVERED
from omprog_panic.sinks.sink import Outcome

if TYPE_CHECKING:
    from omprog_panic.render.templates import Rendered
    from omprog_panic.sinks.http_api import HttpAnswer, HttpApi
    from omprog_panic.sinks.incident_event import IncidentEvent
    from omprog_panic.sinks.sink import Alert


class IncidentTool(Protocol):
    """How one service is told of events."""

    @property
    def api(self) -> HttpApi:
        """The API that the requests go through."""
        ...

    def excess(self, subject: str, body: str) -> int:
        """Return by how many characters a message is too large."""
        ...

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        """Return what to send for an alert; at least one."""
        ...

    def send(self, event: IncidentEvent, body: str | None) -> HttpAnswer:
        """Send one event; without a body, only what the service cannot do without."""
        ...

    def accepted(self, answer: HttpAnswer) -> bool:
        """Return whether an answer is the success that the service documents."""
        ...

    def said(self, answer: HttpAnswer) -> str:
        """Return what an answer says of the fault."""
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
        id_ = alert.notification.id
        done = self._accepted if id_ == self._alert else 0
        self._alert, self._accepted = id_, 0
        outcome = DELIVERED
        for number, event in enumerate(self.tool.events(alert, subject)):
            if number < done:
                continue
            sent = self._send(event, body)
            if not sent.delivered:
                self._accepted = number
                return sent
            outcome = sent if sent.reason else outcome
        return outcome

    def complete(self, alert: Alert) -> Outcome | None:
        """Send nothing more."""

    def _send(self, event: IncidentEvent, body: str) -> Outcome:
        answer = self.tool.send(event, body)
        if self.tool.accepted(answer):
            return DELIVERED
        outcome = self.tool.api.refused(answer, self.tool.said(answer))
        if answer.refused_content and self.tool.accepted(self.tool.send(event, None)):
            return Outcome(delivered=True, reason=f"title only: {outcome.reason}")
        return outcome
