"""``escalated``: nobody has acknowledged a cause in time. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.cause import (
    NO_CAUSE,
    SAMPLE_CAUSE,
    CauseSummary,
    CrashedHost,
    decode_cause,
    decode_host,
    encode_cause,
    encode_host,
)
from omprog_panic.notification.format import Format, Lifecycle, MessageFacts

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class Escalated(MessageFacts):
    """``escalated``: to the next service; with the first host's trace.

    ``number`` counts the messages of this step to the service; from the second on
    they are reminders. ``waited_s``: since the first message, or since the last
    acknowledgement ended.
    """

    cause: CauseSummary = NO_CAUSE
    hosts: tuple[CrashedHost, ...] = ()  # at most 200
    count: int = 0  # of these hosts
    waited_s: float | None = None
    notified: tuple[str, ...] = ()  # labels of the services that were notified before
    number: int = 1
    next_s: float | None = None  # until the next reminder; None: there is none


def _encode(facts: Escalated) -> JsonObject:
    return {
        **encode_cause(facts.cause),
        "hosts": [encode_host(host) for host in facts.hosts],
        "count": facts.count,
        "waited_s": facts.waited_s,
        "notified": list(facts.notified),
        "number": facts.number,
        "next_s": facts.next_s,
    }


def _decode(fields: Fields) -> Escalated:
    return Escalated(
        cause=decode_cause(fields),
        hosts=fields.items("hosts", decode_host),
        count=fields.integer("count"),
        waited_s=fields.number("waited_s"),
        notified=fields.texts("notified"),
        number=fields.integer("number", 1),
        next_s=fields.number("next_s"),
    )


ESCALATED = Format(
    facts=Escalated,
    encode=_encode,
    decode=_decode,
    sample=Escalated(
        cause=SAMPLE_CAUSE,
        hosts=(CrashedHost("sample-host", "192.0.2.1", 3),),
        count=42,
        waited_s=900.0,
        notified=("slack [ops] slack://T...",),
        number=2,
        next_s=1800.0,
    ),
    lifecycle=Lifecycle.FIRING,
    has_trace=True,
    about_crash=True,
)
