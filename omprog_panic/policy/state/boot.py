"""Boots that wait for what may explain them. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.policy.event_codec import decode_boot, encode_boot
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.event import Boot
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(frozen=True, slots=True)
class PendingBoot:
    """A boot that is evaluated when whatever explains it must have arrived."""

    t: float
    arrived_t: float
    boot: Boot


def _encode(row: PendingBoot) -> Json:
    return {
        "t": row.t,
        "arrived_t": row.arrived_t,
        "boot": encode_boot(row.boot),
    }


def _decode(raw: Json) -> PendingBoot:
    return PendingBoot(raw["t"], raw["arrived_t"], decode_boot(raw["boot"]))


BOOTS = RowFormat("boots", _encode, _decode)
