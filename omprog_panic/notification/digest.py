"""``digest``: one message a day of what nobody had to be woken for. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.boots import (
    SAMPLE_BOOT,
    UnannouncedBoot,
    decode_boot,
    encode_boot,
)
from omprog_panic.notification.familiarity import (
    SAMPLE_FAMILIARITY,
    Familiarity,
    decode_familiarity,
    encode_familiarity,
)
from omprog_panic.notification.format import Format, MessageFacts
from omprog_panic.notification.holder import (
    SAMPLE_HOLDER,
    Holder,
    decode_holder,
    encode_holder,
)
from omprog_panic.notification.senders import (
    SAMPLE_SILENT_HOST,
    SilentHost,
    decode_silent_host,
    encode_silent_host,
)

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class DigestCause:
    """A cause that is not alerted at once."""

    title: str = ""
    kind: str = ""
    severity: str = ""
    id: str = ""  # of one incident
    crashes: int = 0
    hosts: tuple[str, ...] = ()
    known: Familiarity | None = None
    subsystem: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class UnresolvedCause:
    """A cause that was alerted, and is not resolved."""

    title: str = ""
    severity: str = ""
    hosts: tuple[str, ...] = ()
    since: float | None = None  # wall time in seconds
    holder: Holder | None = None  # who has it


@dataclasses.dataclass(frozen=True, slots=True)
class LimitedService:
    """How many messages to one service its rate limit suppressed."""

    service: str = ""
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class DailyDigest(MessageFacts):
    """A day in one message."""

    since: float | None = None  # wall time in seconds
    until: float | None = None
    causes: tuple[DigestCause, ...] = ()
    more_causes: int = 0
    boots: tuple[UnannouncedBoot, ...] = ()
    more_boots: int = 0
    silent: tuple[SilentHost, ...] = ()  # silent now
    never: tuple[SilentHost, ...] = ()  # listed, never heard
    suppressed: tuple[LimitedService, ...] = ()
    silenced: int = 0  # crashes
    unresolved: tuple[UnresolvedCause, ...] = ()  # the oldest first
    more_unresolved: int = 0


def _encode_cause(cause: DigestCause) -> JsonObject:
    return {
        "title": cause.title,
        "kind": cause.kind,
        "severity": cause.severity,
        "id": cause.id,
        "crashes": cause.crashes,
        "hosts": list(cause.hosts),
        "known": encode_familiarity(cause.known),
        "subsystem": cause.subsystem,
    }


def _decode_cause(fields: Fields) -> DigestCause:
    return DigestCause(
        title=fields.text("title"),
        kind=fields.text("kind"),
        severity=fields.text("severity"),
        id=fields.text("id"),
        crashes=fields.integer("crashes"),
        hosts=fields.texts("hosts"),
        known=fields.optional("known", decode_familiarity),
        subsystem=fields.text("subsystem"),
    )


def _encode_unresolved(cause: UnresolvedCause) -> JsonObject:
    return {
        "title": cause.title,
        "severity": cause.severity,
        "hosts": list(cause.hosts),
        "since": cause.since,
        "holder": encode_holder(cause.holder),
    }


def _decode_unresolved(fields: Fields) -> UnresolvedCause:
    return UnresolvedCause(
        title=fields.text("title"),
        severity=fields.text("severity"),
        hosts=fields.texts("hosts"),
        since=fields.number("since"),
        holder=fields.optional("holder", decode_holder),
    )


def _encode_service(service: LimitedService) -> JsonObject:
    return {"service": service.service, "count": service.count}


def _decode_service(fields: Fields) -> LimitedService:
    return LimitedService(fields.text("service"), fields.integer("count"))


def _encode(facts: DailyDigest) -> JsonObject:
    return {
        "since": facts.since,
        "until": facts.until,
        "causes": [_encode_cause(cause) for cause in facts.causes],
        "more_causes": facts.more_causes,
        "boots": [encode_boot(boot) for boot in facts.boots],
        "more_boots": facts.more_boots,
        "silent": [encode_silent_host(host) for host in facts.silent],
        "never": [encode_silent_host(host) for host in facts.never],
        "suppressed": [_encode_service(service) for service in facts.suppressed],
        "silenced": facts.silenced,
        "unresolved": [_encode_unresolved(cause) for cause in facts.unresolved],
        "more_unresolved": facts.more_unresolved,
    }


def _decode(fields: Fields) -> DailyDigest:
    return DailyDigest(
        since=fields.number("since"),
        until=fields.number("until"),
        causes=fields.items("causes", _decode_cause),
        more_causes=fields.integer("more_causes"),
        boots=fields.items("boots", decode_boot),
        more_boots=fields.integer("more_boots"),
        silent=fields.items("silent", decode_silent_host),
        never=fields.items("never", decode_silent_host),
        suppressed=fields.items("suppressed", _decode_service),
        silenced=fields.integer("silenced"),
        unresolved=fields.items("unresolved", _decode_unresolved),
        more_unresolved=fields.integer("more_unresolved"),
    )


DIGEST = Format(
    facts=DailyDigest,
    encode=_encode,
    decode=_decode,
    sample=DailyDigest(
        since=1767168000.0,
        until=1767254400.0,
        causes=(
            DigestCause(
                title="INFO: task hung in jbd2_journal_commit_transaction",
                subsystem="JOURNALLING LAYER FOR BLOCK DEVICES (JBD2)",
                kind="hung-task",
                severity="warning",
                id="0123456789abcdef0123456789abcdef",
                crashes=7,
                hosts=("sample-host", "web-01"),
                known=SAMPLE_FAMILIARITY,
            ),
        ),
        more_causes=1,
        boots=(SAMPLE_BOOT,),
        silent=(SAMPLE_SILENT_HOST,),
        never=(SilentHost("rack-3", "198.51.100.0/24"),),
        suppressed=(LimitedService("slack [ops] slack://T...", 23),),
        silenced=2,
        unresolved=(
            UnresolvedCause(
                "page fault in nvme_irq",
                "panic",
                ("sample-host", "web-01"),
                1767168000.0,
                SAMPLE_HOLDER,
            ),
        ),
        more_unresolved=1,
    ),
)
