"""Addresses and networks as people write them, with messages for them. Pure."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from omprog_panic.address import parse_address, parse_network

if TYPE_CHECKING:
    from omprog_panic.address import Network


def parse_listed(text: str) -> Network:
    """Parse an address (a network of one) or a network without host bits.

    >>> parse_listed("10.0.0.2")
    IPv4Network('10.0.0.2/32')

    Raises:
        ValueError: with a message for the administrator that says what to write.

    """
    try:
        return parse_network(text)
    except ValueError:
        pass
    try:
        network = parse_network(text, strict=False)
    except ValueError:
        message = (
            f"{text!r} is not an address: write for example 10.0.0.2, 10.0.0.0/24 or "
            "2001:db8::2 (host names are not resolved)"
        )
        raise ValueError(message) from None
    message = f"{text} has host bits set: write {network}, or the host's address alone"
    raise ValueError(message)


def check_local_address(text: str) -> None:
    """Check an address to listen on: one of this machine's, or "*" for all.

    Raises:
        ValueError: with a message for the administrator that says what to write.

    """
    if text == "*":
        return
    try:
        parse_address(text)
    except ValueError:
        message = (
            f"{text!r} is not an address: write an address of this machine, or '*'"
        )
        raise ValueError(message) from None


@functools.lru_cache(maxsize=4096)
def network_in_pattern(text: str) -> Network | None:
    """Parse a pattern for ``host`` that may be an address or a network; else None.

    Host bits are allowed: in a pattern ``10.0.0.7/24`` means its network.
    """
    try:
        return parse_network(text, strict=False)
    except ValueError:
        return None
