"""``incident`` and ``test``: one crash, or one that was made up on request. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.familiarity import (
    SAMPLE_FAMILIARITY,
    Familiarity,
    decode_familiarity,
    encode_familiarity,
)
from omprog_panic.notification.format import Format, Lifecycle, MessageFacts
from omprog_panic.notification.holder import Holder, decode_holder, encode_holder

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentNotes(MessageFacts):
    """What the policy adds to an incident; the incident itself is in the store."""

    known: Familiarity | None = None
    drill: bool = False  # it was announced as part of a drill
    holder: Holder | None = None  # who has its cause, of which this is no first crash


@dataclasses.dataclass(frozen=True, slots=True)
class RequestedTest(MessageFacts):
    """Somebody ran ``omprog-panic test-alert``; rendered like an incident."""


def _encode_notes(facts: IncidentNotes) -> JsonObject:
    return {
        "known": encode_familiarity(facts.known),
        "drill": facts.drill,
        "holder": encode_holder(facts.holder),
    }


def _decode_notes(fields: Fields) -> IncidentNotes:
    return IncidentNotes(
        known=fields.optional("known", decode_familiarity),
        drill=fields.flag("drill"),
        holder=fields.optional("holder", decode_holder),
    )


def _encode_test(_facts: RequestedTest) -> JsonObject:
    return {}


def _decode_test(_fields: Fields) -> RequestedTest:
    return RequestedTest()


INCIDENT = Format(
    facts=IncidentNotes,
    encode=_encode_notes,
    decode=_decode_notes,
    sample=IncidentNotes(SAMPLE_FAMILIARITY),
    lifecycle=Lifecycle.FIRING,
    has_trace=True,
    about_crash=True,
)
TEST = Format(
    facts=RequestedTest,
    encode=_encode_test,
    decode=_decode_test,
    sample=RequestedTest(),
    has_trace=True,
    about_crash=True,
)
