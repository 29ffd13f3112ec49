"""How the services of one URL scheme are read from apprise.yml and opened."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.service_url import url_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.config.model import Service
    from omprog_panic.secret import Secret
    from omprog_panic.sinks.sink import Sink

    Address = tuple[str, int]  # host and TCP port


@dataclasses.dataclass(frozen=True)
class SinkType:
    """A row of ``registry.SINKS``.

    ``address`` returns where to try a connection to, or None where that is not known.
    ``read`` checks a URL of ours and returns it masked, or raises DeliveryError without
    its secrets; None: the URL is apprise's. ``keyed``: its service joins messages by
    their key, so that those of one key must arrive in their order.
    """

    open: Callable[[Service], Sink]
    address: Callable[[Service], Address | None]
    read: Callable[[Secret], str] | None = None
    keyed: bool = False


def own_url(
    open_url: Callable[[Secret], Sink],
    read: Callable[[Secret], str],
    address: Callable[[Secret], Address | None] = lambda _url: None,
    *,
    keyed: bool = False,
) -> SinkType:
    """Return the type of a sink with URLs of its own; all functions get the URL."""

    def url_of(service: Service) -> Secret:
        url = url_in(service.form, service.document)
        assert url is not None  # it was read from there
        return url

    return SinkType(
        open=lambda service: open_url(url_of(service)),
        address=lambda service: address(url_of(service)),
        read=read,
        keyed=keyed,
    )
