"""Causes that were resolved not long ago, by themselves. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvedState:
    """How many times in a row a cause was resolved at a service, and when last."""

    times: int
    last_t: float


def _encode(row: ResolvedState) -> Json:
    return {"times": row.times, "last_t": row.last_t}


def _decode(raw: Json) -> ResolvedState:
    return ResolvedState(raw["times"], raw["last_t"])


RESOLVED_CAUSES = RowFormat("resolved", _encode, _decode)
