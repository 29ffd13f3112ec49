"""Which sink a URL of apprise.yml belongs to.

To add a sink, write a module beside this one and add its row to ``SINKS``. All other
URLs are apprise's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.config.model import Understood
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks import apprise, slack_webhook
from omprog_panic.sinks.sink_type import find_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.config.model import Service
    from omprog_panic.sinks.sink import Sink
    from omprog_panic.sinks.sink_type import SinkType

SINKS: Mapping[str, SinkType] = {
    "slack": slack_webhook.SLACK,
}
# Stands for a URL of ours when apprise reads the tags around it.
_PLACEHOLDER = "json://localhost"


def open_sink(service: Service, sinks: Mapping[str, SinkType] = SINKS) -> Sink:
    """Return the sink of a service."""
    return sinks.get(service.scheme, apprise.APPRISE).open(service)


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
    for scheme, kind in sinks.items():
        url = None if kind.read is None else find_url(document, scheme)
        if kind.read is None or url is None:
            continue
        shown = kind.read(url)
        around = document.reveal().replace(url.reveal(), _PLACEHOLDER)
        found = apprise.read_services(form, Secret(around))
        if len(found) != 1:
            raise DeliveryError(f"write one {scheme}:// URL here", permanent=True)
        return [Understood(scheme, found[0].tags, shown)]
    return apprise.read_services(form, document)
