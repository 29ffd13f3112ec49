"""Open causes: who has them, and to whom they were escalated. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.config.routing import EscalationStep
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.holder import Holder, decode_holder, encode_holder
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(frozen=True, slots=True)
class SentStep:
    """How many messages of a step a service was sent, and when the last one."""

    count: int
    last_t: float


@dataclasses.dataclass(slots=True)
class StepState:
    """One step of a route's escalation; ``since_t``: what it waits from.

    An open incident keeps the steps that it began with, whatever the configuration
    says later.
    """

    step: EscalationStep
    route: str
    since_t: float | None = None  # None: the first message was not sent yet
    sent: dict[str, SentStep] = dataclasses.field(default_factory=dict)  # by service


@dataclasses.dataclass(frozen=True, slots=True)
class Closing:
    """Somebody resolved it, and not every service has been sent that."""

    author: str
    comment: str


@dataclasses.dataclass(slots=True)
class CauseState:
    """A cause that is open at one service or more.

    ``targets``: the services that it was escalated to, with who has it as they know it.
    """

    cause: str
    services: tuple[str, ...] = ()  # that have a row among the life cycles
    holder: Holder | None = None
    released_by: str = ""  # who withdrew the last acknowledgement
    was_held: bool = False  # somebody had it, at some time
    steps: tuple[StepState, ...] = ()
    targets: dict[str, Holder | None] = dataclasses.field(default_factory=dict)
    closing: Closing | None = None


def _encode(row: CauseState) -> Json:
    closing = row.closing
    return {
        "cause": row.cause,
        "services": list(row.services),
        "holder": encode_holder(row.holder),
        "released_by": row.released_by,
        "was_held": row.was_held,
        "steps": [_encode_step(step) for step in row.steps],
        "targets": {
            service: encode_holder(told) for service, told in row.targets.items()
        },
        "closing": None
        if closing is None
        else {"author": closing.author, "comment": closing.comment},
    }


def _decode(raw: Json) -> CauseState:
    closing = raw["closing"]
    return CauseState(
        cause=raw["cause"],
        services=tuple(raw["services"]),
        holder=_holder(raw["holder"]),
        released_by=raw["released_by"],
        was_held=raw["was_held"],
        steps=tuple(map(_decode_step, raw["steps"])),
        targets={service: _holder(told) for service, told in raw["targets"].items()},
        closing=None
        if closing is None
        else Closing(closing["author"], closing["comment"]),
    )


def _holder(raw: Json | None) -> Holder | None:
    return None if raw is None else decode_holder(Fields(raw))


def _encode_step(row: StepState) -> Json:
    return {
        "after_s": row.step.after_s,
        "to": list(row.step.to),
        "repeat_s": row.step.repeat_s,
        "route": row.route,
        "since_t": row.since_t,
        "sent": {
            service: {"count": sent.count, "last_t": sent.last_t}
            for service, sent in row.sent.items()
        },
    }


def _decode_step(raw: Json) -> StepState:
    return StepState(
        step=EscalationStep(raw["after_s"], tuple(raw["to"]), raw["repeat_s"]),
        route=raw["route"],
        since_t=raw["since_t"],
        sent={
            service: SentStep(sent["count"], sent["last_t"])
            for service, sent in raw["sent"].items()
        },
    )


CAUSES = RowFormat("causes", _encode, _decode)
