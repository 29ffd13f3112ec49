"""Opsgenie, and the alerts of Jira Service Management, which have the same API.

https://docs.opsgenie.com/docs/alert-api and Atlassian's "integration events": an open
alert is found by its alias; creating it again counts it up. 202 is the documented
success: the request is valid and is processed. Lengths are Opsgenie's.
Jira Service Management can create, acknowledge, close and add notes, but takes no
acknowledgement back.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from omprog_panic.config.service_url import masked, parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.notification.effect import Effect, Importance
from omprog_panic.plain import one_line
from omprog_panic.sinks.http_api import HttpApi
from omprog_panic.sinks.incident_event import events_of
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.url_options import choice, options_of
from omprog_panic.sinks.url_template import MARKS

if TYPE_CHECKING:
    from omprog_panic.config.service_url import ServiceUrl
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.http_api import HttpAnswer
    from omprog_panic.sinks.incident_event import IncidentEvent
    from omprog_panic.sinks.sink import Alert

OPSGENIE_BASES = {
    "us": "https://api.opsgenie.com/v2/alerts",
    "eu": "https://api.eu.opsgenie.com/v2/alerts",
}
JSM_BASES = {"us": "https://api.atlassian.com/jsm/ops/integration/v2/alerts"}
MAX_MESSAGE = 130
MAX_DESCRIPTION = 15_000
MAX_TAGS, MAX_TAG = 20, 50
MAX_RESPONDERS = 50
MAX_USER = 100
MAX_DETAILS = 8000  # characters of all names and values together
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PRIORITIES = {
    Importance.CRITICAL: "P1",
    Importance.ERROR: "P2",
    Importance.WARNING: "P3",
    Importance.INFO: "P5",
}
_ACTIONS = {
    Effect.ACKNOWLEDGE: "acknowledge",
    Effect.UNACKNOWLEDGE: "unacknowledge",
    Effect.RESOLVE: "close",
}
_SORTS = {"@": "user", "#": "team", "*": "schedule", "^": "escalation"}
# apprise's own; what they do is decided by the message here.
_APPRISE_OPTIONS = ("alias", "action", "batch", ":*")
_OPTIONS = ("region", "priority", "entity", "tags", "to", "+*")


@dataclasses.dataclass(frozen=True, slots=True)
class OpsgenieSettings:
    """What the URL says."""

    key: Secret
    base: str
    responders: list[dict[str, str]]
    options: dict[str, str]


def read_settings(url: Secret) -> OpsgenieSettings:
    """Parse ``opsgenie://APIKEY/@user/%23team``, which is the form of apprise, too.

    Raises:
        DeliveryError: there is no key, or an option is wrong.

    """
    parts = parse_service_url(url)
    key = unquote(parts.host)
    if not key or parts.password is not None:
        reason = (
            f"no API key: write {parts.scheme}://API-KEY, the key of an integration"
        )
        raise DeliveryError(reason, permanent=True)
    options = options_of(parts, (*_OPTIONS, *_APPRISE_OPTIONS))
    if options.get("priority"):
        choice(options, "priority", ("p1", "p2", "p3", "p4", "p5"))
    bases = JSM_BASES if parts.scheme == "jsm" else OPSGENIE_BASES
    base = bases[choice(options, "region", tuple(bases))]
    return OpsgenieSettings(type(url)(key), base, _responders(parts, options), options)


def _responders(parts: ServiceUrl, options: dict[str, str]) -> list[dict[str, str]]:
    named = [unquote(part) for part in parts.path]
    named += [one.strip() for one in options.get("to", "").split(",") if one.strip()]
    found = []
    for one in named:
        sort, name = _SORTS.get(one[0], "user"), one.lstrip("@#*^")
        field = "username" if sort == "user" else "name"
        found.append({"type": sort, "id" if _UUID.fullmatch(name) else field: name})
    if len(found) > MAX_RESPONDERS:
        reason = f"more than {MAX_RESPONDERS} responders: name a team or an escalation"
        raise DeliveryError(reason, permanent=True)
    return found


class Opsgenie:
    """The protocol: what is sent for an event, and what counts as accepted."""

    def __init__(self, url: Secret, base: str = "") -> None:
        self._settings = read_settings(url)
        self._base = base or self._settings.base
        self._is_jsm = parse_service_url(url).scheme == "jsm"
        shown = "Jira Service Management" if self._is_jsm else "Opsgenie"
        self.api = HttpApi(shown, url, idempotent=True)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(subject) + len(body) + 2 - MAX_DESCRIPTION)

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        return events_of(alert, subject)

    def send(self, event: IncidentEvent, body: str | None) -> HttpAnswer:
        action = _ACTIONS.get(event.effect)
        if self._is_jsm and event.effect is Effect.UNACKNOWLEDGE:
            action = None  # the alert counts up
        if action is not None:
            return self._act(event, action, body)
        answer = self._post(self._base, self._alert(event, body))
        # It has nothing that only informs: an alert that is closed at once does.
        if event.effect is Effect.INFORM and self.accepted(answer):
            return self._act(event, "close", body)
        return answer

    def _act(self, event: IncidentEvent, action: str, body: str | None) -> HttpAnswer:
        alias = quote(event.key, safe="")
        url = f"{self._base}/{alias}/{action}?identifierType=alias"
        return self._post(url, {} if body is None else self._action(event))

    def _post(self, url: str, content: dict[str, object]) -> HttpAnswer:
        key = self._settings.key.reveal()
        return self.api.post(url, content, {"Authorization": f"GenieKey {key}"})

    def accepted(self, answer: HttpAnswer) -> bool:
        return answer.status == 202

    def said(self, answer: HttpAnswer) -> str:
        return f"{answer.field('message')} {answer.field('errors')}".strip()

    def _action(self, event: IncidentEvent) -> dict[str, object]:
        note = f"{event.summary}\n{event.comment}".strip()
        return {
            "source": "omprog-panic",
            "note": note,
            "user": one_line(event.author or "omprog-panic", MAX_USER),
        }

    def _alert(self, event: IncidentEvent, body: str | None) -> dict[str, object]:
        options = self._settings.options
        priority = options.get("priority", "").upper() or _PRIORITIES[event.importance]
        content: dict[str, object] = {
            "message": one_line(event.summary, MAX_MESSAGE),
            "alias": event.key,
            "priority": priority,
        }
        if self._settings.responders:
            content["responders"] = self._settings.responders
        if body is None:
            return content
        tags = [one.strip() for one in options.get("tags", "").split(",")]
        tags += [event.kind, event.details.get("severity", "")]
        added = {name[1:]: text for name, text in options.items() if name[0] == "+"}
        content |= {
            "description": f"{event.summary}\n\n{body}"[:MAX_DESCRIPTION],
            "entity": options.get("entity") or event.source,
            "source": "omprog-panic",
            "tags": list(dict.fromkeys(one[:MAX_TAG] for one in tags if one))[
                :MAX_TAGS
            ],
            "details": _fitting({**added, **event.details}),
        }
        return content


def _fitting(details: dict[str, str]) -> dict[str, str]:
    """Return as many details as are accepted, in their order."""
    left, kept = MAX_DETAILS, {}
    for name, text in details.items():
        if len(name) + len(text) > left:
            break
        left -= len(name) + len(text)
        kept[name] = text
    return kept


def open_url(url: Secret) -> IncidentSink:
    """Return the sink of an ``opsgenie://`` or ``jsm://`` URL."""
    return IncidentSink(Opsgenie(url))


def read_url(url: Secret) -> str:
    """Check a URL and return it masked."""
    read_settings(url)
    parts = parse_service_url(url)
    # What has no mark may be the rest of a key with a raw "/".
    marked = {one for one in map(unquote, parts.path) if one[0] in MARKS}
    return masked(parts, marked)


def address_of(url: Secret) -> tuple[str, int]:
    """Return where its alerts go."""
    return read_settings(url).base.split("/")[2], 443


OPSGENIE = own_url(open_url, read_url, address_of, keyed=True)
