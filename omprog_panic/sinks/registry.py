"""Which sink a URL of apprise.yml belongs to.

To add a sink, write a module beside this one and add its row to ``SINKS``. All other
URLs are apprise's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.config.model import Understood
from omprog_panic.config.service_url import (
    options_beside,
    parse_service_url,
    url_in,
    with_url,
)
from omprog_panic.errors import DeliveryError
from omprog_panic.sinks import (
    alertmanager,
    apprise,
    grafana_oncall,
    mail,
    mattermost,
    opsgenie,
    pagerduty,
    slack_webhook,
    splunk_oncall,
    telegram,
    webhook,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.config.model import Service
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.sink import Sink
    from omprog_panic.sinks.sink_type import SinkType

SINKS: Mapping[str, SinkType] = {
    "alertmanager": alertmanager.ALERTMANAGER,
    "alertmanagers": alertmanager.ALERTMANAGER,
    "jsm": opsgenie.OPSGENIE,
    "mailto": mail.MAIL,
    "mailtos": mail.MAIL,
    "mattermost": mattermost.MATTERMOST,
    "mattermosts": mattermost.MATTERMOST,
    "oncall": grafana_oncall.GRAFANA_ON_CALL,
    "oncalls": grafana_oncall.GRAFANA_ON_CALL,
    "opsgenie": opsgenie.OPSGENIE,
    "pagerduty": pagerduty.PAGERDUTY,
    "slack": slack_webhook.SLACK,
    "splunk": splunk_oncall.SPLUNK_ON_CALL,
    "tgram": telegram.TELEGRAM,
    "victorops": splunk_oncall.SPLUNK_ON_CALL,
    "webhook": webhook.WEBHOOK,
    "webhooks": webhook.WEBHOOK,
}
# Stands for a URL of ours when apprise reads the tags around it.
_PLACEHOLDER = "json://localhost"


def open_sink(service: Service, sinks: Mapping[str, SinkType] = SINKS) -> Sink:
    """Return the sink of a service."""
    return sinks.get(service.scheme, apprise.APPRISE).open(service)


def is_keyed(service: Service, sinks: Mapping[str, SinkType] = SINKS) -> bool:
    """Return whether a service joins messages by their key."""
    return sinks.get(service.scheme, apprise.APPRISE).keyed


def service_address(
    service: Service, sinks: Mapping[str, SinkType] = SINKS
) -> tuple[str, int] | None:
    """Return the host and TCP port of a service; None where it is not known."""
    return sinks.get(service.scheme, apprise.APPRISE).address(service)


def read_services(
    form: str, document: Secret, sinks: Mapping[str, SinkType] = SINKS
) -> list[Understood]:
    """Return the services that a piece of an apprise file describes, URLs masked.

    ``form`` is "text" or "yaml".

    Raises:
        DeliveryError: no service, or none that works; says why without the URL.

    """
    url = url_in(form, document)
    if url is None:
        return apprise.read_services(form, document)
    scheme = parse_service_url(url).scheme  # refuses what can be read in two ways
    read = sinks[scheme].read if scheme in sinks else None
    if read is None:
        return apprise.read_services(form, document)
    if names := options_beside(form, document):
        raise DeliveryError(
            f"write {', '.join(names)} into the URL, as ?NAME=VALUE", permanent=True
        )
    shown = read(url)
    around = with_url(form, document, _PLACEHOLDER)
    found = apprise.read_services(form, around)
    if len(found) != 1:
        raise DeliveryError(f"write one {scheme}:// URL here", permanent=True)
    return [Understood(scheme, found[0].tags, shown)]
