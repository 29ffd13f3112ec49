"""``resolved``: a cause is over. Pure."""

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
from omprog_panic.notification.holder import (
    SAMPLE_HOLDER,
    Holder,
    decode_holder,
    encode_holder,
)

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class Resolved(MessageFacts):
    """``resolved``: every host is back and quiet, or somebody said so."""

    cause: CauseSummary = NO_CAUSE
    holder: Holder | None = None  # who had it
    by: str = ""  # empty: the hosts are back and quiet
    comment: str = ""  # of who resolved it
    at: float | None = None  # wall time in seconds
    quiet_s: float | None = None  # since the last crash, or the last boot
    hosts: tuple[CrashedHost, ...] = ()  # at most 200
    count: int = 0  # of these hosts
    down: tuple[CrashedHost, ...] = ()  # resolved by hand, and not back so far


def _encode(facts: Resolved) -> JsonObject:
    return {
        **encode_cause(facts.cause),
        "holder": encode_holder(facts.holder),
        "by": facts.by,
        "comment": facts.comment,
        "at": facts.at,
        "quiet_s": facts.quiet_s,
        "hosts": [encode_host(host) for host in facts.hosts],
        "count": facts.count,
        "down": [encode_host(host) for host in facts.down],
    }


def _decode(fields: Fields) -> Resolved:
    return Resolved(
        cause=decode_cause(fields),
        holder=fields.optional("holder", decode_holder),
        by=fields.text("by"),
        comment=fields.text("comment"),
        at=fields.number("at"),
        quiet_s=fields.number("quiet_s"),
        hosts=fields.items("hosts", decode_host),
        count=fields.integer("count"),
        down=fields.items("down", decode_host),
    )


RESOLVED = Format(
    facts=Resolved,
    encode=_encode,
    decode=_decode,
    sample=Resolved(
        cause=SAMPLE_CAUSE,
        holder=SAMPLE_HOLDER,
        by="grace",
        comment="firmware 2.1 on all of them",
        at=1767276000.0,
        quiet_s=3600.0,
        hosts=(
            CrashedHost("sample-host", "192.0.2.1", 3),
            CrashedHost("web-01", "192.0.2.11", 1),
        ),
        count=42,
        down=(CrashedHost("web-01", "192.0.2.11", 1),),
    ),
    lifecycle=Lifecycle.RESOLVED,
    about_crash=True,
)
