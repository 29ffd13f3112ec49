"""Whether a value in the JSON of nft fits netconsole's datagram. Pure.

``right`` is the right side of a comparison, as libnftables-json(5) has it. What is not
known here may fit.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from omprog_panic.firewall.passage import Match, is_between, is_in

_STATES = {"new", "untracked"}  # nobody answers netconsole


def fits_connection(key: object, right: object) -> Match:
    """Compare with a new connection that no rule has translated."""
    if not isinstance(right, str):
        return Match.MAYBE
    if key == "direction":
        return same_text(right, "original")
    if key == "state":
        return Match.YES if str(right) in _STATES else Match.NO
    return Match.NO if key == "status" else Match.MAYBE


def fits_route(result: object, right: object) -> Match:
    """Compare with a datagram for this machine, from where its answer would go."""
    if result == "type":
        return same_text(right, "local")
    if result in {"oif", "oifname"} and isinstance(right, bool):
        return Match.YES if right else Match.NO  # whether there is a route back
    return Match.MAYBE


def fits_interface(interface: str | None, right: str) -> Match:
    """Compare with the interface that it comes in by; None: any but ``lo``."""
    if interface is None:
        # It comes from another machine.
        return Match.NO if right == "lo" else Match.MAYBE
    if right.endswith("*"):
        return Match.YES if interface.startswith(right[:-1]) else Match.NO
    return same_text(right, interface)


def same_text(right: object, value: str) -> Match:
    """Compare with a word."""
    return Match.YES if right == value else Match.NO


def fits_udp(right: object) -> Match:
    """Compare with the protocol of netconsole."""
    return Match.YES if str(right) in {"udp", "17"} else Match.NO


def fits_port(port: int, right: Any) -> Match:  # noqa: ANN401 - JSON
    """Compare with a port: a number or a range."""
    if isinstance(right, int):
        return Match.YES if right == port else Match.NO
    if isinstance(right, dict) and "range" in right:
        low, high = right["range"]
        if isinstance(low, int) and isinstance(high, int):
            return Match.YES if low <= port <= high else Match.NO
    return Match.MAYBE


def fits_address(address: Any, right: Any) -> Match:  # noqa: ANN401 - JSON
    """Compare with an address: one, a prefix or a range."""
    if isinstance(right, str):
        return is_in(address, right)
    if isinstance(right, dict) and "prefix" in right:
        prefix = right["prefix"]
        return is_in(address, f"{prefix['addr']}/{prefix['len']}")
    if isinstance(right, dict) and "range" in right and address is not None:
        low, high = map(ipaddress.ip_address, right["range"])
        return is_between(address, int(low), int(high))
    return Match.MAYBE
