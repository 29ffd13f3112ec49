"""Grafana OnCall and Grafana IRM, the formatted webhook of an integration.

https://grafana.com/docs/oncall/latest/integrations/webhook/: ``alert_uid`` groups,
``state`` is "alerting" or "ok", which resolves. Everything else in the object is for
the templates of the integration. A received alert is answered with 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from omprog_panic.config.service_url import masked, parse_service_url
from omprog_panic.errors import DeliveryError
from omprog_panic.notification.effect import Effect
from omprog_panic.sinks.http_api import HttpApi
from omprog_panic.sinks.incident_event import events_of
from omprog_panic.sinks.incident_sink import IncidentSink
from omprog_panic.sinks.sink_type import own_url
from omprog_panic.sinks.url_options import flag, http_link, options_of

if TYPE_CHECKING:
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.http_api import HttpAnswer
    from omprog_panic.sinks.incident_event import IncidentEvent
    from omprog_panic.sinks.sink import Alert

MAX_TEXT = 30_000
_PATH = "formatted_webhook"


class GrafanaOnCall:
    """The protocol: what is sent for an event, and what counts as accepted."""

    def __init__(self, url: Secret, base: str = "") -> None:
        parts = parse_service_url(url)
        self._options = options_of(parts, ("click", "verify"))
        http_link(self._options, "click")
        if parts.user is not None or _PATH not in parts.path:
            reason = (
                f"not understood: write {parts.scheme}:// instead of https:// in front "
                "of the URL of an integration of the type Formatted Webhook"
            )
            raise DeliveryError(reason, permanent=True)
        scheme = "https" if parts.scheme.endswith("s") else "http"
        port = f":{parts.port}" if parts.port else ""
        host = base or f"{scheme}://{parts.host}{port}"
        self._url = f"{host}/{'/'.join(parts.path)}/"
        self.address = parts.host, int(parts.port or (443 if scheme == "https" else 80))
        verify = flag(self._options, "verify", default=True)
        self.api = HttpApi("Grafana OnCall", url, idempotent=True, verify=verify)

    def excess(self, subject: str, body: str) -> int:
        return max(0, len(subject) + len(body) - MAX_TEXT)

    def events(self, alert: Alert, subject: str) -> tuple[IncidentEvent, ...]:
        # It has nothing that wakes nobody: information is what "ok" of no alert is.
        return events_of(alert, subject)

    def send(self, event: IncidentEvent, body: str | None) -> HttpAnswer:
        is_over = event.effect in {Effect.RESOLVE, Effect.INFORM}
        content: dict[str, object] = {
            "alert_uid": event.key,
            "title": event.summary,
            "state": "ok" if is_over else "alerting",
        }
        if body is not None:
            content["message"] = body
            content["lifecycle"] = event.effect.value
            content["importance"] = event.importance.value
            content["details"] = dict(event.details)
        if link := self._options.get("click", ""):
            content["link_to_upstream_details"] = link
        return self.api.post(self._url, content)

    def accepted(self, answer: HttpAnswer) -> bool:
        return answer.status == 200

    def said(self, answer: HttpAnswer) -> str:
        return answer.field("detail")


def open_url(url: Secret) -> IncidentSink:
    """Return the sink of an ``oncall://`` or ``oncalls://`` URL."""
    return IncidentSink(GrafanaOnCall(url))


def read_url(url: Secret) -> str:
    """Check a URL and return it masked."""
    GrafanaOnCall(url)
    parts = parse_service_url(url)
    public = {"integrations", "v1", "oncall", "api", "plugin", _PATH}
    return masked(parts, {parts.host, *public & set(map(unquote, parts.path))})


def address_of(url: Secret) -> tuple[str, int]:
    """Return where its alerts go."""
    return GrafanaOnCall(url).address


GRAFANA_ON_CALL = own_url(open_url, read_url, address_of, keyed=True)
