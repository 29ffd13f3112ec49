"""The state kept between two checks, as JSON. Pure.

Stored in /var/lib/omprog-panic-client. What belongs to one boot (values to restore, the
time of the last heartbeat) is dropped with the next.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

FILE = "/var/lib/omprog-panic-client/state.json"
_VERSION = 1


@dataclass(frozen=True)
class State:
    """The state of this machine; times are seconds."""

    boot_id: str = ""
    # -- of this boot
    console_loglevel: int | None = None  # before we changed it
    panic_timeout: int | None = None
    modules: list[str] = field(default_factory=list)  # that we loaded
    mounted: bool = False  # we mounted configfs
    alive_at: float | None = None  # since boot
    loaded: str = ""  # the static parameter that the module was loaded with
    queues: dict[str, int] = field(default_factory=dict)  # limits before, by path
    obstacles: list[str] = field(default_factory=list)  # reported already
    # -- of the machine
    addresses: dict[str, str] = field(default_factory=dict)  # of monitors' names
    repaired_at: float | None = None  # since 1970
    repaired: str = ""


def decode(text: str | None, boot_id: str) -> State:
    """Parse a state; an unreadable one, or one of another boot, starts anew."""
    try:
        known = _parse(json.loads(text or "{}"))
    except (TypeError, ValueError, AttributeError, KeyError):
        known = State()
    if known.boot_id == boot_id:
        return known
    return State(
        boot_id=boot_id,
        addresses=known.addresses,
        repaired_at=known.repaired_at,
        repaired=known.repaired,
    )


def _parse(data: dict[str, Any]) -> State:
    if data.get("version") != _VERSION:
        return State()
    return State(
        boot_id=data["boot_id"],
        console_loglevel=data["console_loglevel"],
        panic_timeout=data["panic_timeout"],
        modules=data["modules"],
        mounted=data["mounted"],
        alive_at=data["alive_at"],
        loaded=data["loaded"],
        queues=data["queues"],
        obstacles=data["obstacles"],
        addresses=data["addresses"],
        repaired_at=data["repaired_at"],
        repaired=data["repaired"],
    )


def encode(state: State) -> str:
    """Return a state as JSON."""
    data = {
        "version": _VERSION,
        "boot_id": state.boot_id,
        "console_loglevel": state.console_loglevel,
        "panic_timeout": state.panic_timeout,
        "modules": state.modules,
        "mounted": state.mounted,
        "alive_at": state.alive_at,
        "loaded": state.loaded,
        "queues": state.queues,
        "obstacles": state.obstacles,
        "addresses": state.addresses,
        "repaired_at": state.repaired_at,
        "repaired": state.repaired,
    }
    return json.dumps(data, indent=1) + "\n"
