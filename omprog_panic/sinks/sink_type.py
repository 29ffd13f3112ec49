"""How the services of one URL scheme are read from apprise.yml and opened."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from omprog_panic.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.config.model import Service
    from omprog_panic.sinks.sink import Sink

    Address = tuple[str, int]  # host and TCP port


@dataclasses.dataclass(frozen=True)
class SinkType:
    """A row of ``registry.SINKS``.

    ``address`` returns where to try a connection to, or None where that is not known.
    ``read`` checks a URL of ours and returns it masked, or raises DeliveryError without
    its secrets; None: the URL is apprise's.
    """

    open: Callable[[Service], Sink]
    address: Callable[[Service], Address | None]
    read: Callable[[Secret], str] | None = None


def own_url(
    scheme: str,
    open_url: Callable[[Secret], Sink],
    read: Callable[[Secret], str],
    address: Callable[[Secret], Address | None] = lambda _url: None,
) -> SinkType:
    """Return the type of a sink with URLs of its own; all functions get the URL."""

    def url_of(service: Service) -> Secret:
        url = find_url(service.document, scheme)
        assert url is not None  # it was read from there
        return url

    return SinkType(
        open=lambda service: open_url(url_of(service)),
        address=lambda service: address(url_of(service)),
        read=read,
    )


def find_url(document: Secret, scheme: str) -> Secret | None:
    """Return the URL of a scheme in a piece of an apprise file, text or YAML.

    >>> find_url(Secret("ops=file:///x?a=1"), "file").reveal()
    'file:///x?a=1'
    """
    pattern = rf"(?<![\w.+-]){re.escape(scheme)}://[^\s'\"]*"
    found = re.search(pattern, document.reveal(), re.IGNORECASE)
    # In YAML a colon follows a URL that has options below it.
    return Secret(found[0].removesuffix(":")) if found else None
