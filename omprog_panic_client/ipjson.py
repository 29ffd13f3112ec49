"""Parse the output of ``ip -json``. Pure."""

from __future__ import annotations

import json
from typing import Any

from omprog_panic_client.facts import Link, Route

# States of neighbour entries with a usable MAC address.
_KNOWN = frozenset({"PERMANENT", "REACHABLE", "STALE", "DELAY", "PROBE", "NOARP"})


def parse_links(text: str) -> dict[str, Link]:
    """Parse ``ip -json -details link show``; facts from sysfs are added later."""
    rows = _rows(text)
    ports: dict[str, list[str]] = {}
    for row in rows:
        ports.setdefault(str(row.get("master", "")), []).append(str(row["ifname"]))
    return {
        str(row["ifname"]): _link(row, ports.get(str(row["ifname"]), []))
        for row in rows
    }


def _link(row: dict[str, Any], ports: list[str]) -> Link:
    below = row.get("link")
    kind = str(row.get("linkinfo", {}).get("info_kind", ""))
    # The "link" of a veth is its peer, not a lower interface.
    lower = [str(below)] if below and kind not in {"veth", "netkit"} else []
    return Link(
        name=str(row["ifname"]),
        index=int(row.get("ifindex", 0)),
        address=str(row.get("address", "")),
        ethernet=row.get("link_type") == "ether",
        up="UP" in row.get("flags", ()),
        kind=kind,
        master=str(row.get("master", "")),
        lower=tuple(lower + ports),
    )


def parse_route(text: str) -> Route | None:
    """Parse ``ip -json route get ADDRESS``; None: it names no interface.

    >>> parse_route('[{"dst":"10.0.0.9","dev":"eth0","prefsrc":"10.0.0.2"}]')
    Route(device='eth0', source='10.0.0.2', gateway='', local=False)
    """
    rows = _rows(text)
    if not rows or "dev" not in rows[0]:
        return None
    row = rows[0]
    gateway = row.get("gateway") or row.get("via", {}).get("host", "")
    return Route(
        device=str(row["dev"]),
        source=str(row.get("prefsrc", "")),
        gateway=str(gateway),
        local=row.get("type") == "local",
    )


def parse_neighbour(text: str) -> str:
    """Parse ``ip -json neigh show to ADDRESS dev DEVICE``: a MAC address, or "".

    >>> parse_neighbour('[{"lladdr":"02:00:00:00:00:01","state":["STALE"]}]')
    '02:00:00:00:00:01'
    """
    for row in _rows(text):
        if "lladdr" in row and _KNOWN & set(row.get("state", ())):
            return str(row["lladdr"]).lower()
    return ""


def _rows(text: str) -> list[dict[str, Any]]:
    """Return the objects; iproute2 prints empty ones, or nothing, where it filters."""
    try:
        rows = json.loads(text or "[]")
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict) and row]
