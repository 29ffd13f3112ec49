"""Splunk On-Call (VictorOps), the REST endpoint integration.

https://help.splunk.com, "REST Endpoint integration": ``entity_id`` joins the messages
of an incident; CRITICAL and WARNING open it, ACKNOWLEDGEMENT and RECOVERY end it, INFO
is an entry of the timeline. Success is 200 with ``"result": "success"``.

apprise's URLs are understood as they are; it can not keep to one incident.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from omprog_panic.config.service_url import masked, parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.notification.effect import Effect, Importance
from omprog_panic.secret import Secret
from omprog_panic.sinks.http_api import HttpApi
from omprog_panic.sinks.incident_event import events_of
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.url_options import options_of

if TYPE_CHECKING:
    from omprog_panic.sinks.http_api import HttpAnswer
    from omprog_panic.sinks.incident_event import IncidentEvent
    from omprog_panic.sinks.sink import Alert

HOST = "alert.victorops.com"
PATH = "/integrations/generic/20131114/alert"
MAX_TEXT = 20_480  # of state_message
_KEY = re.compile(r"[A-Za-z0-9-]{16,64}")
_ACTIONS = {
    Effect.ACKNOWLEDGE: "ACKNOWLEDGEMENT",
    Effect.RESOLVE: "RECOVERY",
    Effect.INFORM: "INFO",
}
_TYPES = {
    Importance.CRITICAL: "CRITICAL",
    Importance.ERROR: "CRITICAL",
    Importance.WARNING: "WARNING",
    # INFO would open nothing, and a test that nobody sees is none.
    Importance.INFO: "WARNING",
}


class SplunkKeys(NamedTuple):
    """What the URL says."""

    api_key: Secret
    routing_key: str


def read_keys(url: Secret) -> SplunkKeys:
    """Parse ``splunk://ROUTING_KEY@API_KEY``.

    Raises:
        DeliveryError: a key is missing.

    """
    parts = parse_service_url(url)
    options_of(parts, ())
    key = unquote(parts.host)
    if not parts.user or not _KEY.fullmatch(key) or parts.path:
        reason = (
            f"not understood: write {parts.scheme}://ROUTING_KEY@API_KEY, both are "
            "in the URL of the REST endpoint (.../alert/API_KEY/ROUTING_KEY)"
        )
        raise DeliveryError(reason, permanent=True)
    return SplunkKeys(Secret(key), unquote(parts.user))


class SplunkOnCall:
    """The protocol: what is sent for an event, and what counts as accepted."""

    def __init__(self, url: Secret, base: str = "") -> None:
        self._keys = read_keys(url)
        self._base = f"{base or f'https://{HOST}'}{PATH}"
        self.api = HttpApi("Splunk On-Call", url, idempotent=True)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(subject) + len(body) + 2 - MAX_TEXT)

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        return events_of(alert, subject)

    def send(self, event: IncidentEvent, body: str | None) -> HttpAnswer:
        content: dict[str, object] = {
            "message_type": _ACTIONS.get(event.effect) or _TYPES[event.importance],
            "entity_id": event.key,
            "entity_display_name": event.summary,
            "monitoring_tool": "omprog-panic",
        }
        if body is not None:
            content["state_message"] = f"{event.summary}\n\n{body}"[:MAX_TEXT]
            content |= {name: text for name, text in event.details.items() if text}
        if body is not None and event.since is not None:
            content["state_start_time"] = int(event.since)
        if event.effect is Effect.ACKNOWLEDGE:
            content["ack_author"] = event.author or "omprog-panic"
            content["ack_msg"] = event.comment or event.summary
        key, routing = self._keys.api_key.reveal(), self._keys.routing_key
        url = f"{self._base}/{quote(key, safe='')}/{quote(routing, safe='')}"
        return self.api.post(url, content)

    def accepted(self, answer: HttpAnswer) -> bool:
        return answer.status == 200 and answer.field("result") == "success"

    def said(self, answer: HttpAnswer) -> str:
        return f"{answer.field('message')} {answer.field('messages')}".strip()


def open_url(url: Secret) -> IncidentSink:
    """Return the sink of a ``splunk://`` or ``victorops://`` URL."""
    return IncidentSink(SplunkOnCall(url))


def read_url(url: Secret) -> str:
    """Check a URL and return it masked."""
    keys = read_keys(url)
    return masked(parse_service_url(url), {keys.routing_key})


def address_of(_url: Secret) -> tuple[str, int]:
    """Return where its messages go."""
    return HOST, 443


SPLUNK_ON_CALL = own_url(open_url, read_url, address_of, keyed=True)
