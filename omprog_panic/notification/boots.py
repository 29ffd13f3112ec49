"""``back`` and ``suspected-crash``: hosts that have booted. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.format import Format, MessageFacts

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class BackHost:
    """A host that booted after a crash."""

    name: str = ""
    address: str = ""
    at: float | None = None  # of the boot, wall time in seconds
    down_s: float | None = None  # from the crash to the boot
    kernel: str | None = None
    kernel_before: str | None = None  # where it is another one
    incident_id: str | None = None
    title: str | None = None  # of the crash


@dataclasses.dataclass(frozen=True, slots=True)
class Back(MessageFacts):
    """``back``: hosts that crashed are back again."""

    hosts: tuple[BackHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class UnannouncedBoot:
    """A host that booted although nothing had announced it."""

    name: str = ""
    address: str = ""
    at: float | None = None  # of the boot, wall time in seconds
    last_heard_at: float | None = None
    last_text: str | None = None
    kernel: str | None = None
    says_farewell: bool = False  # it is known to send a farewell when it shuts down


@dataclasses.dataclass(frozen=True, slots=True)
class SuspectedCrash(MessageFacts):
    """``suspected-crash``: hosts that booted without announcing it."""

    hosts: tuple[UnannouncedBoot, ...] = ()
    count: int = 0


def _encode_back_host(host: BackHost) -> JsonObject:
    return {
        "name": host.name,
        "address": host.address,
        "at": host.at,
        "down_s": host.down_s,
        "kernel": host.kernel,
        "kernel_before": host.kernel_before,
        "incident_id": host.incident_id,
        "title": host.title,
    }


def _decode_back_host(fields: Fields) -> BackHost:
    return BackHost(
        name=fields.text("name"),
        address=fields.text("address"),
        at=fields.number("at"),
        down_s=fields.number("down_s"),
        kernel=fields.optional_text("kernel"),
        kernel_before=fields.optional_text("kernel_before"),
        incident_id=fields.optional_text("incident_id"),
        title=fields.optional_text("title"),
    )


def _encode_back(facts: Back) -> JsonObject:
    hosts = [_encode_back_host(host) for host in facts.hosts]
    return {"hosts": hosts, "count": facts.count}


def _decode_back(fields: Fields) -> Back:
    return Back(fields.items("hosts", _decode_back_host), fields.integer("count"))


def encode_boot(host: UnannouncedBoot) -> JsonObject:
    """Return a JSON object."""
    return {
        "name": host.name,
        "address": host.address,
        "at": host.at,
        "last_heard_at": host.last_heard_at,
        "last_text": host.last_text,
        "kernel": host.kernel,
        "says_farewell": host.says_farewell,
    }


def decode_boot(fields: Fields) -> UnannouncedBoot:
    """Read what ``encode_boot`` wrote."""
    return UnannouncedBoot(
        name=fields.text("name"),
        address=fields.text("address"),
        at=fields.number("at"),
        last_heard_at=fields.number("last_heard_at"),
        last_text=fields.optional_text("last_text"),
        kernel=fields.optional_text("kernel"),
        says_farewell=fields.flag("says_farewell"),
    )


def _encode_suspected(facts: SuspectedCrash) -> JsonObject:
    return {"hosts": [encode_boot(host) for host in facts.hosts], "count": facts.count}


def _decode_suspected(fields: Fields) -> SuspectedCrash:
    return SuspectedCrash(fields.items("hosts", decode_boot), fields.integer("count"))


SAMPLE_BOOT = UnannouncedBoot(
    name="sample-host",
    address="192.0.2.1",
    at=1767261792.0,
    last_heard_at=1767261480.0,
    last_text="EXT4-fs (vda1): mounted filesystem",
    kernel="7.0.0-1-amd64",
    says_farewell=True,
)
BACK = Format(
    facts=Back,
    encode=_encode_back,
    decode=_decode_back,
    sample=Back(
        hosts=(
            BackHost(
                name="sample-host",
                address="192.0.2.1",
                at=1767261792.0,
                down_s=192.0,
                kernel="6.1.0-57-cloud-amd64",
                kernel_before="6.1.0-56-cloud-amd64",
                incident_id="0123456789abcdef0123456789abcdef",
                title="sysrq triggered crash",
            ),
        ),
        count=1,
    ),
)
SUSPECTED_CRASH = Format(
    facts=SuspectedCrash,
    encode=_encode_suspected,
    decode=_decode_suspected,
    sample=SuspectedCrash((SAMPLE_BOOT,), 1),
)
