"""``acknowledged`` and ``unacknowledged``: somebody has a cause, or no longer. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.cause import (
    NO_CAUSE,
    SAMPLE_CAUSE,
    CauseSummary,
    decode_cause,
    encode_cause,
)
from omprog_panic.notification.format import Format, Lifecycle, MessageFacts
from omprog_panic.notification.holder import (
    NOBODY,
    SAMPLE_HOLDER,
    Holder,
    decode_holder,
    encode_holder,
)

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class Acknowledged(MessageFacts):
    """``acknowledged``: somebody has it; repeats are quiet until it is worse."""

    cause: CauseSummary = NO_CAUSE
    holder: Holder = NOBODY


@dataclasses.dataclass(frozen=True, slots=True)
class Unacknowledged(MessageFacts):
    """``unacknowledged``: nobody has it any more, and it is not resolved."""

    cause: CauseSummary = NO_CAUSE
    holder: Holder = NOBODY  # who had it
    by: str = ""  # who withdrew it; empty: its time is over


def _encode_acknowledged(facts: Acknowledged) -> JsonObject:
    return {**encode_cause(facts.cause), "holder": encode_holder(facts.holder)}


def _decode_acknowledged(fields: Fields) -> Acknowledged:
    return Acknowledged(decode_cause(fields), decode_holder(fields.inner("holder")))


def _encode_unacknowledged(facts: Unacknowledged) -> JsonObject:
    return {
        **encode_cause(facts.cause),
        "holder": encode_holder(facts.holder),
        "by": facts.by,
    }


def _decode_unacknowledged(fields: Fields) -> Unacknowledged:
    return Unacknowledged(
        cause=decode_cause(fields),
        holder=decode_holder(fields.inner("holder")),
        by=fields.text("by"),
    )


ACKNOWLEDGED = Format(
    facts=Acknowledged,
    encode=_encode_acknowledged,
    decode=_decode_acknowledged,
    sample=Acknowledged(SAMPLE_CAUSE, SAMPLE_HOLDER),
    lifecycle=Lifecycle.ACKNOWLEDGED,
    about_crash=True,
)
UNACKNOWLEDGED = Format(
    facts=Unacknowledged,
    encode=_encode_unacknowledged,
    decode=_decode_unacknowledged,
    sample=Unacknowledged(SAMPLE_CAUSE, SAMPLE_HOLDER, "grace"),
    lifecycle=Lifecycle.FIRING,
    about_crash=True,
)
