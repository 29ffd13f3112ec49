"""``sender-silent``, ``sender-speaks``, ``never-heard``: heartbeats. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.format import Format, MessageFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class SilentHost:
    """A host that is, or was, silent."""

    name: str = ""
    address: str = ""
    at: float | None = None  # when it was noticed, or when the host was heard again
    last_heard_at: float | None = None
    silent_s: float | None = None
    limit_s: float | None = None
    kernel: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SenderSilent(MessageFacts):
    """``sender-silent``: listed hosts that are silent for longer than their limit."""

    hosts: tuple[SilentHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class SenderSpeaks(MessageFacts):
    """``sender-speaks``: they are heard again."""

    hosts: tuple[SilentHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class NeverHeard(MessageFacts):
    """``never-heard``: listed hosts that were never heard (``limit_s``)."""

    hosts: tuple[SilentHost, ...] = ()
    count: int = 0


def encode_silent_host(host: SilentHost) -> JsonObject:
    """Return a JSON object."""
    return {
        "name": host.name,
        "address": host.address,
        "at": host.at,
        "last_heard_at": host.last_heard_at,
        "silent_s": host.silent_s,
        "limit_s": host.limit_s,
        "kernel": host.kernel,
    }


def decode_silent_host(fields: Fields) -> SilentHost:
    """Read what ``encode_silent_host`` wrote."""
    return SilentHost(
        name=fields.text("name"),
        address=fields.text("address"),
        at=fields.number("at"),
        last_heard_at=fields.number("last_heard_at"),
        silent_s=fields.number("silent_s"),
        limit_s=fields.number("limit_s"),
        kernel=fields.optional_text("kernel"),
    )


def _encode(facts: SenderSilent | SenderSpeaks | NeverHeard) -> JsonObject:
    return {"hosts": _encode_hosts(facts.hosts), "count": facts.count}


def _encode_hosts(hosts: Sequence[SilentHost]) -> list[JsonObject]:
    return [encode_silent_host(host) for host in hosts]


def _decode_hosts(fields: Fields) -> tuple[SilentHost, ...]:
    return fields.items("hosts", decode_silent_host)


def _decode_silent(fields: Fields) -> SenderSilent:
    return SenderSilent(_decode_hosts(fields), fields.integer("count"))


def _decode_speaks(fields: Fields) -> SenderSpeaks:
    return SenderSpeaks(_decode_hosts(fields), fields.integer("count"))


def _decode_never(fields: Fields) -> NeverHeard:
    return NeverHeard(_decode_hosts(fields), fields.integer("count"))


SAMPLE_SILENT_HOST = SilentHost(
    name="sample-host",
    address="192.0.2.1",
    at=1767261792.0,
    last_heard_at=1767258180.0,
    silent_s=3612.0,
    limit_s=3600.0,
    kernel="6.1.0-56-cloud-amd64",
)
SENDER_SILENT = Format(
    facts=SenderSilent,
    encode=_encode,
    decode=_decode_silent,
    sample=SenderSilent((SAMPLE_SILENT_HOST,), 1),
)
SENDER_SPEAKS = Format(
    facts=SenderSpeaks,
    encode=_encode,
    decode=_decode_speaks,
    sample=SenderSpeaks((SAMPLE_SILENT_HOST,), 1),
)
NEVER_HEARD = Format(
    facts=NeverHeard,
    encode=_encode,
    decode=_decode_never,
    sample=NeverHeard(
        hosts=(
            SilentHost("sample-host", "192.0.2.1", limit_s=3600.0),
            SilentHost("rack-3", "198.51.100.0/24", limit_s=3600.0),
        ),
        count=22,
    ),
)
