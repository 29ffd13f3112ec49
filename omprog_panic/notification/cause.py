"""``follow-up`` and ``panic-loop``: more crashes of a cause. Pure."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

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


class Worse(enum.Enum):
    """Why an acknowledged cause is notified again; the values are stored."""

    HOSTS = "new-hosts"  # by ``lifecycle.worse_hosts_factor``
    KERNEL = "new-kernel"
    SEVERITY = "severity"


@dataclasses.dataclass(frozen=True, slots=True)
class CrashedHost:
    """A host and how often it crashed."""

    name: str = ""
    address: str = ""
    crashes: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """How many hosts run this kernel release, or are this model of machine."""

    name: str = ""
    hosts: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class CauseSummary:
    """All that is known of a cause since its first crash."""

    key: str = ""
    title: str = ""
    titles: tuple[str, ...] = ()  # where the cause has several
    severity: str = "panic"  # of model.Severity, or "drill"
    first_host: str = ""
    since: float | None = None  # wall time in seconds
    all_hosts: int = 0
    all_crashes: int = 0
    kernels: tuple[Share, ...] = ()  # of all hosts, most first
    hardware: tuple[Share, ...] = ()


NO_CAUSE = CauseSummary()


@dataclasses.dataclass(frozen=True, slots=True)
class FollowUp(MessageFacts):
    """``follow-up``: the same crash on more hosts. With the first host's trace."""

    cause: CauseSummary = CauseSummary()
    hosts: tuple[CrashedHost, ...] = ()  # reported for the first time; at most 200
    count: int = 0  # of these hosts, also of those not listed
    crashes: int = 0  # since the last message
    again: tuple[CrashedHost, ...] = ()  # reported before, and crashed again
    holder: Holder | None = None  # who has acknowledged it
    worse: tuple[str, ...] = ()  # why it is sent although somebody has it: Worse


@dataclasses.dataclass(frozen=True, slots=True)
class PanicLoop(MessageFacts):
    """``panic-loop``: hosts that crash again and again. With a trace."""

    cause: CauseSummary = CauseSummary()
    hosts: tuple[CrashedHost, ...] = ()
    count: int = 0
    crashes: int = 0
    next_s: float | None = None  # the next such message comes after this at the soonest
    holder: Holder | None = None  # as of a follow-up, and so is ``worse``
    worse: tuple[str, ...] = ()


def encode_host(host: CrashedHost) -> JsonObject:
    """Return a JSON object."""
    return {"name": host.name, "address": host.address, "crashes": host.crashes}


def decode_host(fields: Fields) -> CrashedHost:
    """Parse what ``encode_host`` returned."""
    return CrashedHost(
        fields.text("name"), fields.text("address"), fields.integer("crashes", 1)
    )


def _encode_share(share: Share) -> JsonObject:
    return {"name": share.name, "hosts": share.hosts}


def _decode_share(fields: Fields) -> Share:
    return Share(fields.text("name"), fields.integer("hosts"))


def encode_cause(cause: CauseSummary) -> JsonObject:
    """Return a JSON object: the variables that all messages about a cause have."""
    return {
        "cause": cause.key,
        "title": cause.title,
        "titles": list(cause.titles),
        "severity": cause.severity,
        "first_host": cause.first_host,
        "since": cause.since,
        "all_hosts": cause.all_hosts,
        "all_crashes": cause.all_crashes,
        "kernels": [_encode_share(share) for share in cause.kernels],
        "hardware": [_encode_share(share) for share in cause.hardware],
    }


def decode_cause(fields: Fields) -> CauseSummary:
    """Parse what ``encode_cause`` returned."""
    return CauseSummary(
        key=fields.text("cause"),
        title=fields.text("title"),
        titles=fields.texts("titles"),
        severity=fields.text("severity", "panic"),
        first_host=fields.text("first_host"),
        since=fields.number("since"),
        all_hosts=fields.integer("all_hosts"),
        all_crashes=fields.integer("all_crashes"),
        kernels=fields.items("kernels", _decode_share),
        hardware=fields.items("hardware", _decode_share),
    )


def _encode_follow_up(facts: FollowUp) -> JsonObject:
    return {
        **encode_cause(facts.cause),
        "hosts": [encode_host(host) for host in facts.hosts],
        "count": facts.count,
        "crashes": facts.crashes,
        "again": [encode_host(host) for host in facts.again],
        "holder": encode_holder(facts.holder),
        "worse": list(facts.worse),
    }


def _decode_follow_up(fields: Fields) -> FollowUp:
    return FollowUp(
        cause=decode_cause(fields),
        hosts=fields.items("hosts", decode_host),
        count=fields.integer("count"),
        crashes=fields.integer("crashes"),
        again=fields.items("again", decode_host),
        holder=fields.optional("holder", decode_holder),
        worse=fields.texts("worse"),
    )


def _encode_loop(facts: PanicLoop) -> JsonObject:
    return {
        **encode_cause(facts.cause),
        "hosts": [encode_host(host) for host in facts.hosts],
        "count": facts.count,
        "crashes": facts.crashes,
        "next_s": facts.next_s,
        "holder": encode_holder(facts.holder),
        "worse": list(facts.worse),
    }


def _decode_loop(fields: Fields) -> PanicLoop:
    return PanicLoop(
        cause=decode_cause(fields),
        hosts=fields.items("hosts", decode_host),
        count=fields.integer("count"),
        crashes=fields.integer("crashes"),
        next_s=fields.number("next_s"),
        holder=fields.optional("holder", decode_holder),
        worse=fields.texts("worse"),
    )


SAMPLE_CAUSE = CauseSummary(
    title="general protection fault in nvme_irq",
    titles=("general protection fault in nvme_irq", "page fault in nvme_irq"),
    first_host="sample-host",
    since=1767261600.0,
    all_hosts=42,
    all_crashes=44,
    kernels=(Share("6.1.0-56-cloud-amd64", 40), Share("?", 2)),
    hardware=(Share("Sample Systems Example/1000", 42),),
)
FOLLOW_UP = Format(
    facts=FollowUp,
    encode=_encode_follow_up,
    decode=_decode_follow_up,
    sample=FollowUp(
        cause=SAMPLE_CAUSE,
        hosts=(
            CrashedHost("web-01", "192.0.2.11", 1),
            CrashedHost("web-02", "192.0.2.12", 2),
            CrashedHost("", "192.0.2.13", 1),
        ),
        count=41,
        crashes=43,
        again=(CrashedHost("sample-host", "192.0.2.1", 2),),
        holder=SAMPLE_HOLDER,
        worse=(Worse.HOSTS.value, Worse.KERNEL.value, Worse.SEVERITY.value),
    ),
    lifecycle=Lifecycle.UPDATED,
    has_trace=True,
    about_crash=True,
)
PANIC_LOOP = Format(
    facts=PanicLoop,
    encode=_encode_loop,
    decode=_decode_loop,
    sample=PanicLoop(
        cause=dataclasses.replace(SAMPLE_CAUSE, all_hosts=1, all_crashes=22),
        hosts=(CrashedHost("sample-host", "192.0.2.1", 5),),
        count=1,
        crashes=5,
        next_s=1800.0,
        holder=SAMPLE_HOLDER,
        worse=(Worse.SEVERITY.value,),
    ),
    lifecycle=Lifecycle.UPDATED,
    has_trace=True,
    about_crash=True,
)
