"""What the policy goes by: config.yaml's part of it, as values. Pure."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple

from omprog_panic.policy.route import Fired, Route, build_routes, find_routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omprog_panic.policy.match import Labels, Network

# The sections of config.yaml that say what is told to whom.
SECTIONS = (
    "senders",
    "severities",
    "kinds",
    "default_route",
    "routes",
    "grouping",
    "life_signs",
    "digest",
    "self_check",
)
ALERT, DIGEST, STORE = "alert", "digest", "store"
DEFAULT_LEVELS = {
    "panic": ALERT,
    "oops": ALERT,
    "lockup": ALERT,
    "hardware": ALERT,
    "warning": DIGEST,
    "info": STORE,
}


class Receiver(NamedTuple):
    """A service that may be told."""

    key: str
    label: str
    tags: tuple[str, ...]


class ListedSender(NamedTuple):
    """An entry of ``senders``."""

    name: str
    networks: tuple[Network, ...]
    silent_after_s: float | None

    @property
    def single(self) -> str | None:
        """The address, where the entry is one machine."""
        hosts = [n for n in self.networks if n.num_addresses == 1]
        if len(self.networks) == len(hosts) == 1:
            return str(hosts[0].network_address)
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class Grouping:
    """Seconds, but for what is counted within an hour."""

    group_wait_s: float = 0.0
    group_interval_s: float = 300.0
    repeat_s: tuple[float, ...] = (600.0, 1800.0, 3600.0, 21600.0)
    forget_after_s: float = 21600.0
    ceiling_per_hour: int = 30
    host_causes_per_hour: int = 3


@dataclasses.dataclass(frozen=True, slots=True)
class LifeSigns:
    """When silence means something."""

    silent_after_s: float = 3600.0
    never_seen_after_s: float = 3600.0


@dataclasses.dataclass(frozen=True, slots=True)
class SelfCheck:
    """The marked datagram; ``interval_s`` 0: none is sent."""

    interval_s: float = 900.0
    timeout_s: float = 60.0
    address: str = "127.0.0.1"
    port: int = 6666


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Everything; ``data`` is what it was built from, as JSON holds it."""

    root: Route
    levels: Mapping[str, str]  # by severity
    kinds: Mapping[str, str]  # by kind; goes before the severity
    grouping: Grouping
    life: LifeSigns
    digest_at: int | None  # seconds of the local day
    self_check: SelfCheck
    senders: tuple[ListedSender, ...]
    single_hosts: Mapping[str, ListedSender]  # by address: there may be thousands
    shortest_silence_s: float  # under which nobody is called silent
    groups: tuple[tuple[Network, ListedSender], ...]
    receivers: tuple[Receiver, ...]
    data: Mapping[str, Any]

    def level(self, severity: str, kind: str) -> tuple[str, str]:
        """Give alert, digest or store, and the words for why."""
        if kind in self.kinds:
            return self.kinds[kind], f"kinds.{kind} is {self.kinds[kind]}"
        level = self.levels[severity]
        return level, f"severity {severity} is {level}"

    def listed(self, address: str) -> ListedSender | None:
        """Find the most specific entry that an address belongs to."""
        if address in self.single_hosts:
            return self.single_hosts[address]
        if not self.groups:
            return None
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return None
        found = [(n.prefixlen, s) for n, s in self.groups if ip in n]
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def name_of(self, address: str, said: str | None) -> str:
        """Return what people call a sender."""
        listed = self.listed(address)
        if listed is not None and listed.single == address:
            return listed.name
        return said or address

    def group_of(self, address: str) -> str:
        """Return the name of the entry in ``senders``; empty for an unlisted one."""
        listed = self.listed(address)
        return listed.name if listed else ""

    def receivers_of(self, fired: Fired) -> list[Receiver]:
        """Return the services that a route names."""
        if fired.to is None:
            return list(self.receivers)
        tags = set(fired.to)
        return [receiver for receiver in self.receivers if tags & set(receiver.tags)]

    def route(self, labels: Labels) -> dict[str, Fired]:
        """Return the services to notify, by key, each with its route."""
        told: dict[str, Fired] = {}
        for fired in find_routes(self.root, labels):
            for receiver in self.receivers_of(fired):
                told.setdefault(receiver.key, fired)
        return told


def build_settings(
    data: Mapping[str, Any], receivers: Sequence[Receiver] = ()
) -> Settings:
    """Make settings of checked sections of config.yaml; what is left out is default."""
    grouping = dict(data.get("grouping") or {})
    if "repeat_s" in grouping:
        grouping["repeat_s"] = tuple(grouping["repeat_s"])
    at = (data.get("digest") or {}).get("at")
    senders = tuple(_listed(item) for item in data.get("senders") or ())
    life = LifeSigns(**(data.get("life_signs") or {}))
    networks = [(network, sender) for sender in senders for network in sender.networks]
    kept = {name: data[name] for name in SECTIONS if name in data}
    return Settings(
        root=build_routes(data),
        levels={**DEFAULT_LEVELS, **(data.get("severities") or {})},
        kinds=dict(data.get("kinds") or {}),
        grouping=Grouping(**grouping),
        life=life,
        digest_at=None if at is None else day_second(at),
        self_check=SelfCheck(**(data.get("self_check") or {})),
        senders=senders,
        single_hosts={
            str(n.network_address): s for n, s in networks if n.num_addresses == 1
        },
        shortest_silence_s=_shortest_silence(senders, life),
        groups=tuple((n, s) for n, s in networks if n.num_addresses > 1),
        receivers=tuple(Receiver(r[0], r[1], tuple(r[2])) for r in receivers),
        data=kept,
    )


def day_second(text: str) -> int:
    """Return the second of the day of a time.

    >>> day_second("08:30")
    30600
    """
    hours, _, minutes = text.partition(":")
    return int(hours) * 3600 + int(minutes) * 60


def _shortest_silence(senders: Iterable[ListedSender], life: LifeSigns) -> float:
    asked = [life.silent_after_s, *(s.silent_after_s for s in senders)]
    return min((seconds for seconds in asked if seconds), default=0.0)


def _listed(item: Mapping[str, Any]) -> ListedSender:
    address = item["address"]
    addresses = address if isinstance(address, list) else [address]
    networks = tuple(ipaddress.ip_network(text) for text in addresses)
    return ListedSender(item["name"], networks, item.get("silent_after_s"))
