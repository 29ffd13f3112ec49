"""Which sink a URL of apprise.yml belongs to.

To add a sink, write a module beside this one and add its scheme to ``SINKS``. A type
with ``read`` has URLs of its own; all other URLs are apprise's.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from omprog_panic.config.model import Understood
from omprog_panic.errors import DeliveryError
from omprog_panic.secret import Secret
from omprog_panic.sinks import apprise, slack_webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omprog_panic.config.model import Service
    from omprog_panic.sinks.sink import Sink

# Stands for a URL of ours when apprise reads the tags around it.
_PLACEHOLDER = "json://localhost"


@dataclasses.dataclass(frozen=True)
class SinkType:
    """How the services of one scheme are read and opened.

    ``read`` checks a URL and returns it masked, or raises DeliveryError without its
    secrets. ``address`` returns host and TCP port to try a connection to; None: there
    is none, or it is not known.
    """

    open: Callable[[Service], Sink]
    read: Callable[[Secret], str] | None = None
    address: Callable[[Service], tuple[str, int] | None] = apprise.service_address


APPRISE = SinkType(apprise.open_sink)
SINKS: Mapping[str, SinkType] = {
    "slack": SinkType(slack_webhook.open_sink),
}


def open_sink(service: Service, sinks: Mapping[str, SinkType] = SINKS) -> Sink:
    """Return the sink of a service."""
    return sinks.get(service.scheme, APPRISE).open(service)


def service_address(
    service: Service, sinks: Mapping[str, SinkType] = SINKS
) -> tuple[str, int] | None:
    """Return the host and TCP port of a service; None where it is not known."""
    return sinks.get(service.scheme, APPRISE).address(service)


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
            raise DeliveryError(f"{scheme}:// takes one URL in a place", permanent=True)
        return [Understood(scheme, found[0].tags, shown)]
    return apprise.read_services(form, document)


def find_url(document: Secret, scheme: str) -> Secret | None:
    """Return the URL of a scheme in a piece of an apprise file, text or YAML.

    >>> find_url(Secret("ops=file:///x?a=1"), "file").reveal()
    'file:///x?a=1'
    """
    pattern = rf"(?<![\w.+-]){re.escape(scheme)}://[^\s'\"]*"
    found = re.search(pattern, document.reveal(), re.IGNORECASE)
    # In YAML a colon follows a URL that has options below it.
    return Secret(found[0].removesuffix(":")) if found else None
