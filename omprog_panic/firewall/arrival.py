"""Where datagrams of a sender arrive: by the route back, usually the way they come."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Address, IPv6Address

    from omprog_panic.host.machine import Machine

TIMEOUT_S = 30.0  # 16,000 routes take 0.3 s


class Arrival(NamedTuple):
    """The interface, and our own address; None where it is not known."""

    interface: str | None = None
    own: IPv4Address | IPv6Address | None = None


def find_arrivals(
    machine: Machine, sources: Iterable[IPv4Address | IPv6Address]
) -> dict[str, Arrival]:
    """Return the arrivals by source address; one without a route is missing."""
    lines = "".join(f"route get {source}\n" for source in dict.fromkeys(sources))
    # With -force, an address without a route does not end the batch.
    argv = ("ip", "-j", "-force", "-batch", "-")
    result = machine.run(*argv, stdin=lines, timeout_s=TIMEOUT_S)
    found = {}
    for line in result.stdout.splitlines():
        try:
            (route,) = json.loads(line)
            own = route.get("prefsrc")
            address = ipaddress.ip_address(own) if own else None
            found[str(route["dst"])] = Arrival(route.get("dev"), address)
        except (ValueError, AttributeError, KeyError, TypeError):
            continue
    return found
