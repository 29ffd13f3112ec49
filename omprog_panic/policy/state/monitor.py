"""The monitor itself: its clocks, and whether it hears its own probes. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


WITH_SET_T = 2  # the version of the row


@dataclasses.dataclass(slots=True)
class MonitorState:
    """The last known timestamps, and counters.

    ``set_t``: when the wall clock was last set, by more than it drifts.
    """

    t: float = 0.0
    wall: float = 0.0
    listened: float = 0.0
    messages: int = 0  # numbered from 1
    silence_revision: int = 0  # of the newest change of a silence that is known here
    command_revision: int = 0  # of the newest command about a cause
    set_t: float | None = None


@dataclasses.dataclass(slots=True)
class SelfCheckState:
    """The probe datagrams."""

    token: str | None = None  # sent, and not returned
    tokens: tuple[str, ...] = ()  # the last ones
    sent_t: float | None = None
    returned_at: float | None = None  # wall
    misses: int = 0  # in a row
    deaf: bool = False
    deaf_at: float | None = None  # wall
    deaf_t: float | None = None


def _encode_monitor(row: MonitorState) -> Json:
    return {
        "t": row.t,
        "wall": row.wall,
        "listened": row.listened,
        "messages": row.messages,
        "silence_revision": row.silence_revision,
        "command_revision": row.command_revision,
        "set_t": row.set_t,
    }


def _decode_monitor(raw: Json) -> MonitorState:
    return MonitorState(
        t=raw["t"],
        wall=raw["wall"],
        listened=raw["listened"],
        messages=raw["messages"],
        silence_revision=raw["silence_revision"],
        command_revision=raw["command_revision"],
        set_t=raw["set_t"] if raw["version"] >= WITH_SET_T else None,
    )


def _encode_self_check(row: SelfCheckState) -> Json:
    return {
        "token": row.token,
        "tokens": list(row.tokens),
        "sent_t": row.sent_t,
        "returned_at": row.returned_at,
        "misses": row.misses,
        "deaf": row.deaf,
        "deaf_at": row.deaf_at,
        "deaf_t": row.deaf_t,
    }


def _decode_self_check(raw: Json) -> SelfCheckState:
    return SelfCheckState(
        token=raw["token"],
        tokens=tuple(raw["tokens"]),
        sent_t=raw["sent_t"],
        returned_at=raw["returned_at"],
        misses=raw["misses"],
        deaf=raw["deaf"],
        deaf_at=raw["deaf_at"],
        deaf_t=raw["deaf_t"],
    )


MONITOR = RowFormat("monitor", _encode_monitor, _decode_monitor, WITH_SET_T)
SELF_CHECK = RowFormat("self_check", _encode_self_check, _decode_self_check)
