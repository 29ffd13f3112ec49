"""PagerDuty, Events API v2.

https://developer.pagerduty.com/docs/events-api-v2-overview. An alert event (trigger,
acknowledge, resolve) belongs to the alert with its ``dedup_key``; a change event wakes
nobody. 202 is the documented success, 400 an event that is not valid, 429 too many.

apprise can only trigger before 2.3. Its URLs are understood as they are; the API key
that they contain is not needed.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from omprog_panic.clock import rfc3339
from omprog_panic.config.service_url import masked, parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.notification.effect import Effect
from omprog_panic.plain import one_line
from omprog_panic.sinks.http_api import HttpApi
from omprog_panic.sinks.incident_event import events_of
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.url_options import choice, http_link, options_of

if TYPE_CHECKING:
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.http_api import HttpAnswer
    from omprog_panic.sinks.incident_event import IncidentEvent
    from omprog_panic.sinks.sink import Alert

HOSTS = {"us": "events.pagerduty.com", "eu": "events.eu.pagerduty.com"}
MAX_SUMMARY = 1024
MAX_TEXT = 100_000  # an event has at most 512 KB, with every character escaped
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_OPTIONS = ("region", "click", "source", "component", "group", "class", "image", "+*")
_APPRISE_OPTIONS = ("include_image",)  # of no use here
# No event takes an acknowledgement back: a trigger adds to the alert.
_ACTIONS = {
    Effect.TRIGGER: "trigger",
    Effect.UNACKNOWLEDGE: "trigger",
    Effect.ACKNOWLEDGE: "acknowledge",
    Effect.RESOLVE: "resolve",
}


@dataclasses.dataclass(frozen=True, slots=True)
class PagerDutySettings:
    """What the URL says."""

    routing_key: Secret
    host: str
    options: dict[str, str]


def read_settings(url: Secret) -> PagerDutySettings:
    """Parse ``pagerduty://INTEGRATION_KEY``, or the form of apprise.

    Raises:
        DeliveryError: there is no key, or an option is wrong.

    """
    parts = parse_service_url(url)
    key = unquote(parts.user or parts.host)
    if parts.password is not None or not _KEY.fullmatch(key):
        reason = (
            "no integration key: write pagerduty://INTEGRATION_KEY, the key of an "
            "Events API v2 integration"
        )
        raise DeliveryError(reason, permanent=True)
    options = options_of(parts, (*_OPTIONS, *_APPRISE_OPTIONS))
    http_link(options, "click")
    names = ("source", "component") if parts.user else ()
    for name, value in zip(names, parts.path, strict=False):
        options.setdefault(name, unquote(value))
    host = HOSTS[choice(options, "region", tuple(HOSTS))]
    return PagerDutySettings(type(url)(key), host, options)


class PagerDuty:
    """The protocol: what is sent for an event, and what counts as accepted."""

    def __init__(self, url: Secret, base: str = "") -> None:
        self._settings = read_settings(url)
        self._base = base or f"https://{self._settings.host}"
        self.api = HttpApi("PagerDuty", url, idempotent=True)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(subject) + len(body) - MAX_TEXT)

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        return events_of(alert, subject)

    def send(self, event: IncidentEvent, body: str | None) -> HttpAnswer:
        if event.effect is Effect.INFORM:
            path, content = "/v2/change/enqueue", self._change(event)
        else:
            path = "/v2/enqueue"
            content = self._bare(event) if body is None else self._alert(event, body)
        return self.api.post(f"{self._base}{path}", content)

    def accepted(self, answer: HttpAnswer) -> bool:
        return answer.status == 202

    def said(self, answer: HttpAnswer) -> str:
        return f"{answer.field('message')} {answer.field('errors')}".strip()

    def _change(self, event: IncidentEvent) -> dict[str, object]:
        payload: dict[str, object] = {
            "summary": one_line(event.summary, MAX_SUMMARY),
            "source": event.source,
            "custom_details": dict(event.details),
        }
        return {
            "routing_key": self._settings.routing_key.reveal(),
            "payload": payload,
            "links": self._links(),
        }

    def _bare(self, event: IncidentEvent) -> dict[str, object]:
        return {
            "routing_key": self._settings.routing_key.reveal(),
            "event_action": _ACTIONS[event.effect],
            "dedup_key": event.key,
            "payload": {
                "summary": one_line(event.summary, MAX_SUMMARY),
                "source": event.source,
                "severity": event.importance.value,
            },
        }

    def _alert(self, event: IncidentEvent, body: str) -> dict[str, object]:
        options = self._settings.options
        added = {name[1:]: text for name, text in options.items() if name[0] == "+"}
        payload: dict[str, object] = {
            "summary": one_line(event.summary, MAX_SUMMARY),
            "source": options.get("source") or event.source,
            "severity": event.importance.value,
            "class": options.get("class") or event.details.get("crash", event.kind),
            "component": options.get("component") or event.details.get("function", ""),
            "group": options.get("group") or event.details.get("group", ""),
            "custom_details": {**added, **event.details, "text": body},
        }
        if event.since is not None:
            payload["timestamp"] = rfc3339(event.since)
        content = self._bare(event)
        content["payload"] = {name: value for name, value in payload.items() if value}
        content["client"] = "omprog-panic"
        if links := self._links():
            content["links"] = links
            content["client_url"] = links[0]["href"]
        if image := options.get("image", ""):
            content["images"] = [{"src": image}]
        return content

    def _links(self) -> list[dict[str, str]]:
        link = self._settings.options.get("click", "")
        return [{"href": link, "text": "runbook"}] if link else []


def open_url(url: Secret) -> IncidentSink:
    """Return the sink of a ``pagerduty://`` URL."""
    return IncidentSink(PagerDuty(url))


def read_url(url: Secret) -> str:
    """Check a URL and return it masked."""
    read_settings(url)
    return masked(parse_service_url(url), ())


def address_of(url: Secret) -> tuple[str, int]:
    """Return where its events go."""
    return read_settings(url).host, 443


PAGERDUTY = own_url(open_url, read_url, address_of, keyed=True)
