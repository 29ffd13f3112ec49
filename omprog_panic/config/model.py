"""A checked configuration, as values. Pure; load.py alone makes them from files."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from omprog_panic.config.policy import parse_policy
from omprog_panic.config.senders import SenderDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Protocol

    from omprog_panic.config.policy import PolicyConfig
    from omprog_panic.config.senders import ListedSender
    from omprog_panic.secret import Secret

    class ServiceReader(Protocol):
        """What this part needs of apprise; passed in by the caller."""

        def __call__(self, form: str, document: Secret) -> Sequence[Understood]:
            """Return the services that a piece of an apprise file describes.

            ``form`` is "text" or "yaml".

            Raises:
                DeliveryError: no service, or none that works; without secrets.

            """
            ...


_TAGS = re.compile(r"\S+ \[(.+?)\] ")


class Understood(NamedTuple):
    """One service as apprise understood it; ``shown`` is its masked URL.

    ``recipient``: the one of several recipients of its URL; empty where it names one.
    ``shown_recipient``: how people see it, without a part of a secret.
    """

    scheme: str
    tags: frozenset[str]
    shown: str
    position: int = 0  # among the URLs that the document describes
    recipient: str = ""
    shown_recipient: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """A receiver of alerts.

    ``key`` is a hash of what the administrator wrote (the URL and its options, not
    the tags): it stays the same after a restart, in another order and with a newer
    apprise. ``document`` is the piece of the apprise file that describes the service.
    A URL that names several recipients is a service for each ``recipient``.
    """

    key: str
    scheme: str
    tags: frozenset[str]
    shown: str
    form: str
    document: Secret
    position: int = 0  # among the URLs that the document describes
    recipient: str = ""
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
class Receive:
    """``receive``: where datagrams arrive; ``address`` "*" is every local address."""

    address: str
    port: int

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> Receive:
        """Parse the checked section, with defaults filled in."""
        return cls(address=section["address"], port=section["port"])


class Reception(NamedTuple):
    """Who may send, and where that arrives: what ``omprog-panic apply`` needs."""

    senders: tuple[ListedSender, ...]
    receive: Receive


@dataclasses.dataclass(frozen=True, slots=True)
class Paths:
    """``paths``, made absolute; ``database`` is a file, or SCHEME://... as it is."""

    spool: Path
    database: Path | str
    apprise: Path
    templates: Path

    @classmethod
    def from_json(cls, section: Mapping[str, Any], folder: Path) -> Paths:
        """Parse the checked section; relative paths start at ``folder``."""
        database: str = section["database"]
        return cls(
            spool=folder / section["spool"],
            database=database if "://" in database else folder / database,
            apprise=folder / section["apprise"],
            templates=folder / section["templates"],
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """``limits``, all in seconds."""

    poll_s: float
    delivery_timeout_s: float
    retry_first_s: float
    retry_max_s: float
    retry_for_s: float

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> Limits:
        """Parse the checked section, with defaults filled in."""
        return cls(
            poll_s=section["poll_s"],
            delivery_timeout_s=section["delivery_timeout_s"],
            retry_first_s=section["retry_first_s"],
            retry_max_s=section["retry_max_s"],
            retry_for_s=section["retry_for_s"],
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Fallback:
    """An entry of ``fallback``.

    Services tagged ``to`` get what no service tagged ``tag`` took within ``after_s``.
    """

    tag: str
    to: str
    after_s: float

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Fallback:
        """Parse a checked entry, with defaults filled in."""
        return cls(tag=entry["for"], to=entry["to"], after_s=entry["after_s"])


@dataclasses.dataclass(frozen=True, slots=True)
class Retention:
    """``retention``: what is kept; an undelivered alert keeps its incident."""

    incidents_days: float
    outbox_days: float
    max_mb: float  # 10**6 bytes of the database

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> Retention:
        """Parse the checked section, with defaults filled in."""
        return cls(
            incidents_days=section["incidents_days"],
            outbox_days=section["outbox_days"],
            max_mb=section["max_mb"],
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PublicConfig:
    """config.yaml: everything except the services, which have secrets.

    ``lines`` maps JSON paths to the line in ``file`` on which each value stands.
    """

    file: Path
    paths: Paths
    receive: Receive
    limits: Limits
    retention: Retention
    language: str
    fallbacks: tuple[Fallback, ...]
    policy: PolicyConfig
    lines: Mapping[str, int] = dataclasses.field(compare=False)

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], file: Path, lines: Mapping[str, int]
    ) -> PublicConfig:
        """Parse checked settings, with defaults filled in."""
        return cls(
            file=file,
            paths=Paths.from_json(data["paths"], file.absolute().parent),
            receive=Receive.from_json(data["receive"]),
            limits=Limits.from_json(data["limits"]),
            retention=Retention.from_json(data["retention"]),
            language=data["language"],
            fallbacks=tuple(map(Fallback.from_json, data["fallback"])),
            policy=parse_policy(data),
            lines=lines,
        )

    @property
    def senders(self) -> tuple[ListedSender, ...]:
        """Who may send."""
        return self.policy.senders

    @property
    def reception(self) -> Reception:
        """Who may send, and where that arrives."""
        return Reception(self.senders, self.receive)

    @property
    def directory(self) -> SenderDirectory:
        """Finds listed senders by their addresses."""
        return SenderDirectory(self.senders)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlerterConfig(PublicConfig):
    """config.yaml with the services; ``files`` is everything that was read."""

    services: tuple[Service, ...]
    files: tuple[Path, ...]

    @classmethod
    def with_services(
        cls, public: PublicConfig, services: Sequence[Service], files: Sequence[Path]
    ) -> AlerterConfig:
        """Add the services and the files that name them."""
        known = {f.name: getattr(public, f.name) for f in dataclasses.fields(public)}
        return cls(**known, services=tuple(services), files=tuple(files))

    def first_services(self) -> tuple[Service, ...]:
        """Return the services that are notified first: all but the fallbacks."""
        second = {fallback.to for fallback in self.fallbacks}
        return tuple(s for s in self.services if not s.tags & second)
