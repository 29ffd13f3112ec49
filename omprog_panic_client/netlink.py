"""Which rtnetlink notifications require a check. Pure.

linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# RTMGRP_LINK, _NEIGH, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE
GROUPS = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400

_HEADER = struct.Struct("=IHHII")
_NDMSG = struct.Struct("=BBHiHBB")
_ATTRIBUTE = struct.Struct("=HH")
_NEW_NEIGHBOUR, _DELETED_NEIGHBOUR = 28, 29
_DESTINATION, _LINK_ADDRESS = 1, 2


def requires_check(
    notifications: bytes, next_hops: Mapping[str, Collection[str]]
) -> bool:
    """Return whether any notification requires a check.

    All do, except those about neighbours that are no next hop: a host with many
    neighbours receives these all the time. ``next_hops`` maps the next hop of each
    target to its MAC addresses in use.
    """
    return any(
        kind not in (_NEW_NEIGHBOUR, _DELETED_NEIGHBOUR)
        or _has_new_mac(body, next_hops, gone=kind == _DELETED_NEIGHBOUR)
        for kind, body in _messages(notifications)
    )


def _has_new_mac(
    body: bytes, next_hops: Mapping[str, Collection[str]], *, gone: bool
) -> bool:
    if len(body) < _NDMSG.size:
        return False
    family = body[0]
    found = dict(_attributes(body[_NDMSG.size :]))
    if family not in (socket.AF_INET, socket.AF_INET6):
        return False
    try:
        address = socket.inet_ntop(family, found.get(_DESTINATION, b""))
    except (ValueError, OSError):
        return False
    if gone or address not in next_hops:
        return False  # a deleted entry is resolved again when it is needed
    mac = ":".join(f"{byte:02x}" for byte in found.get(_LINK_ADDRESS, b""))
    return bool(mac) and mac not in next_hops[address]


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind = _HEADER.unpack_from(data)[:2]
        if length < _HEADER.size:
            return
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            return
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3
