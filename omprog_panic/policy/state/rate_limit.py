"""What a service was sent within the hour, and what it was not. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.suppressed import (
    SuppressedCause,
    decode_suppressed_cause,
    encode_suppressed_cause,
)
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(slots=True)
class RateLimitState:
    """One service; ``first_t`` and ``first_at`` are of the first suppressed message.

    ``hosts``: those whose crash it was notified of within the hour: machines by
    address, and ``network NAME``. ``causes``: what it was not sent since the last
    notice.
    """

    service: str
    sent: list[float] = dataclasses.field(default_factory=list)  # t
    suppressed: dict[Kind, int] = dataclasses.field(default_factory=dict)
    first_t: float | None = None  # None: nothing since the last notice
    first_at: float = 0.0  # wall
    notice_t: float | None = None
    monitor: list[float] = dataclasses.field(default_factory=list)  # t, as ``sent``
    hosts: dict[str, float] = dataclasses.field(default_factory=dict)  # t
    causes: dict[str, SuppressedCause] = dataclasses.field(default_factory=dict)
    more_causes: int = 0  # suppressed messages of causes that are too many


def _encode(row: RateLimitState) -> Json:
    return {
        "service": row.service,
        "sent": row.sent,
        "suppressed": {kind.value: count for kind, count in row.suppressed.items()},
        "first_t": row.first_t,
        "first_at": row.first_at,
        "notice_t": row.notice_t,
        "monitor": row.monitor,
        "hosts": row.hosts,
        "causes": {
            key: encode_suppressed_cause(cause) for key, cause in row.causes.items()
        },
        "more_causes": row.more_causes,
    }


def _decode(raw: Json) -> RateLimitState:
    return RateLimitState(
        service=raw["service"],
        sent=raw["sent"],
        suppressed={Kind(kind): count for kind, count in raw["suppressed"].items()},
        first_t=raw["first_t"],
        first_at=raw["first_at"],
        notice_t=raw["notice_t"],
        monitor=raw["monitor"],
        hosts=raw["hosts"],
        causes={
            key: decode_suppressed_cause(Fields(cause))
            for key, cause in raw["causes"].items()
        },
        more_causes=raw["more_causes"],
    )


RATE_LIMITS = RowFormat("rate_limits", _encode, _decode)
