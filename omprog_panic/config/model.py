"""What a checked configuration is. Pure values; load.py alone makes them."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Protocol

    from omprog_panic.secret import Secret

    class ServiceReader(Protocol):
        """What this part needs of apprise; given by whoever loads a configuration."""

        def __call__(self, form: str, document: Secret) -> Sequence[Understood]:
            """Return what a piece of an apprise file ("text", "yaml") asks for.

            Raises:
                DeliveryError: nothing, or nothing that works; no secret in it.

            """
            ...


_TAGS = re.compile(r"\S+ \[(.+?)\] ")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Understood(NamedTuple):
    """One service as apprise understood it; ``shown`` is its masked URL."""

    scheme: str
    tags: frozenset[str]
    shown: str


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """One receiver of alerts.

    ``key`` is a hash of what the administrator wrote (the URL and its options, not
    the tags), so that it survives a restart, another order and a newer apprise.
    ``document`` is the piece of the apprise file that makes this service again.
    """

    key: str
    scheme: str
    tags: frozenset[str]
    shown: str
    form: str
    document: Secret
    position: int = 0  # among the services that the document makes
    where: str = ""  # FILE:LINE

    @property
    def label(self) -> str:
        """How people see it: scheme, tags, masked URL."""
        tags = f" [{', '.join(sorted(self.tags))}]" if self.tags else ""
        return f"{self.scheme}{tags} {self.shown}"


def tags_of(label: str) -> frozenset[str]:
    """Return the tags in the label of a service that may be gone.

    >>> sorted(tags_of("slack [night, ops] slack://T...")), tags_of("json json://h")
    (['night', 'ops'], frozenset())
    """
    found = _TAGS.match(label)
    return frozenset(found[1].split(", ")) if found else frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class Sender:
    """A machine, or a group of them, that may send."""

    name: str
    networks: tuple[Network, ...]
    source_port: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Receive:
    """Where datagrams arrive; ``address`` is "*" for all, else one of this host."""

    address: str = "*"
    port: int = 6666


class Reception(NamedTuple):
    """Who may send, and where that arrives: what ``omprog-panic apply`` goes by."""

    senders: tuple[Sender, ...]
    receive: Receive


@dataclasses.dataclass(frozen=True, slots=True)
class Paths:
    """Absolute paths."""

    spool: Path
    database: Path
    apprise: Path
    templates: Path


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, all of them; schema.json says what happens at each."""

    poll_s: float
    delivery_timeout_s: float
    retry_first_s: float
    retry_max_s: float
    retry_for_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class Fallback:
    """Services tagged ``to`` are told what nobody tagged ``tag`` took in time."""

    tag: str
    to: str
    after_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept; nothing goes whose alert is still undelivered."""

    incidents_days: float
    outbox_days: float
    max_mb: float  # 10**6 bytes of the database


@dataclasses.dataclass(frozen=True, slots=True)
class AlerterConfig:
    """Everything that process 2 and the command line go by.

    ``policy`` are the checked sections that policy/settings.py reads.
    """

    file: Path
    senders: tuple[Sender, ...]
    paths: Paths
    limits: Limits
    language: str
    services: tuple[Service, ...]
    fallbacks: tuple[Fallback, ...]
    retention: Retention
    policy: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    receive: Receive = dataclasses.field(default_factory=Receive)
    lines: Mapping[str, int] = dataclasses.field(default_factory=dict, compare=False)
    """The line of each value in ``file``, by its JSON path."""
    files: tuple[Path, ...] = ()
    """``file`` and the apprise files, those that are included, too."""

    def first_services(self) -> tuple[Service, ...]:
        """Return the services that are told at once: all that only stand in are not."""
        second = {fallback.to for fallback in self.fallbacks}
        return tuple(s for s in self.services if not s.tags & second)

    def host_names(self) -> dict[str, str]:
        """Map addresses of single hosts to the names they are listed under."""
        return host_names(self.senders)


def host_names(senders: Iterable[Sender]) -> dict[str, str]:
    """Map addresses of single hosts to the names they are listed under."""
    return {
        str(network.network_address): sender.name
        for sender in senders
        for network in sender.networks
        if network.num_addresses == 1
    }
