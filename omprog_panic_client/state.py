"""What is remembered between two looks, as JSON. Pure.

Kept in /var/lib/omprog-panic-client. What belongs to one boot (what to put back,
when we last said that we live) is forgotten by itself with the next.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

FILE = "/var/lib/omprog-panic-client/state.json"
_VERSION = 1


@dataclass(frozen=True)
class State:
    """One machine's memory; times are seconds."""

    boot_id: str = ""
    # -- of this boot
    console_loglevel: int | None = None  # before we changed it
    panic_timeout: int | None = None
    modules: list[str] = field(default_factory=list)  # that we loaded
    mounted: bool = False  # we mounted configfs
    alive_at: float | None = None  # since boot
    loaded: str = ""  # the static parameter that the module was loaded with
    queues: dict[str, int] = field(default_factory=dict)  # limits before, by path
    obstacles: list[str] = field(default_factory=list)  # told already
    # -- of the machine
    addresses: dict[str, str] = field(default_factory=dict)  # of monitors' names
    mended_at: float | None = None  # since 1970
    mended: str = ""


def decode(text: str | None, boot_id: str) -> State:
    """Read a state; one that cannot be read, or of another boot, starts anew."""
    known = State()
    try:
        found: dict[str, Any] = json.loads(text or "{}")
        if found.pop("version", None) == _VERSION:
            known = State(**found)
    except (TypeError, ValueError, AttributeError):
        known = State()
    if known.boot_id == boot_id:
        return known
    return State(
        boot_id=boot_id,
        addresses=known.addresses,
        mended_at=known.mended_at,
        mended=known.mended,
    )


def encode(state: State) -> str:
    """Write a state."""
    return json.dumps({"version": _VERSION, **asdict(state)}, indent=1) + "\n"
