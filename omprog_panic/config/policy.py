"""The sections of config.yaml that say who is notified of what, and when. Pure.

The policy writes them to its log with ``to_json`` and reads them back with
``parse_policy``: with the keys of config.yaml, which do not depend on names here. A
section that is missing in an older log has its defaults.
"""

from __future__ import annotations

import dataclasses
import enum
import types
from typing import TYPE_CHECKING, Any

from omprog_panic.config.maintenance import MaintenanceWindow
from omprog_panic.config.routing import Route, parse_routes, routes_to_json
from omprog_panic.config.schema import with_defaults
from omprog_panic.config.senders import ListedSender

if TYPE_CHECKING:
    from collections.abc import Mapping


NEVER = "never"  # in the place of a time of day


class Action(enum.StrEnum):
    """What is done with an incident."""

    ALERT = "alert"  # notify at once
    DIGEST = "digest"  # in the daily digest
    STORE = "store"  # no message


@dataclasses.dataclass(frozen=True, slots=True)
class Grouping:
    """``grouping``: seconds, except for what is counted within an hour."""

    group_wait_s: float
    group_interval_s: float
    repeat_s: tuple[float, ...]
    forget_after_s: float
    messages_per_hour: int
    host_causes_per_hour: int

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> Grouping:
        """Parse the checked section, with defaults filled in."""
        return cls(
            group_wait_s=section["group_wait_s"],
            group_interval_s=section["group_interval_s"],
            repeat_s=tuple(section["repeat_s"]),
            forget_after_s=section["forget_after_s"],
            messages_per_hour=section["messages_per_hour"],
            host_causes_per_hour=section["host_causes_per_hour"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the section that parses to this value."""
        return {
            "group_wait_s": self.group_wait_s,
            "group_interval_s": self.group_interval_s,
            "repeat_s": list(self.repeat_s),
            "forget_after_s": self.forget_after_s,
            "messages_per_hour": self.messages_per_hour,
            "host_causes_per_hour": self.host_causes_per_hour,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class LifeSigns:
    """``life_signs``: seconds of silence until a message; 0: never."""

    silent_after_s: float
    never_seen_after_s: float

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> LifeSigns:
        """Parse the checked section, with defaults filled in."""
        return cls(
            silent_after_s=section["silent_after_s"],
            never_seen_after_s=section["never_seen_after_s"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the section that parses to this value."""
        return {
            "silent_after_s": self.silent_after_s,
            "never_seen_after_s": self.never_seen_after_s,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class LifecycleSettings:
    """``lifecycle``; ``resolve_after_s`` 0: causes are resolved by hand only."""

    resolve_after_s: float
    worse_hosts_factor: float

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> LifecycleSettings:
        """Parse the checked section, with defaults filled in."""
        return cls(
            resolve_after_s=section["resolve_after_s"],
            worse_hosts_factor=section["worse_hosts_factor"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the section that parses to this value."""
        return {
            "resolve_after_s": self.resolve_after_s,
            "worse_hosts_factor": self.worse_hosts_factor,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class SelfCheck:
    """``self_check``: the marked datagram; ``interval_s`` 0: none is sent."""

    interval_s: float
    timeout_s: float
    address: str
    port: int

    @classmethod
    def from_json(
        cls, section: Mapping[str, Any], receive: Mapping[str, Any]
    ) -> SelfCheck:
        """Parse the checked section; what it leaves open follows ``receive``."""
        address = section["address"]
        if address == "*":
            everywhere = receive["address"] == "*"
            address = "127.0.0.1" if everywhere else receive["address"]
        return cls(
            interval_s=section["interval_s"],
            timeout_s=section["timeout_s"],
            address=address,
            port=section["port"] or receive["port"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the section that parses to this value."""
        return {
            "interval_s": self.interval_s,
            "timeout_s": self.timeout_s,
            "address": self.address,
            "port": self.port,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class PolicyConfig:
    """Everything that the policy is configured with.

    ``kinds`` takes precedence over ``severities``. ``root`` is the default route with
    the others in it. ``digest_at`` is the second of the local day; None: no digest.
    """

    senders: tuple[ListedSender, ...]
    severities: Mapping[str, Action]
    kinds: Mapping[str, Action]
    root: Route
    grouping: Grouping
    life_signs: LifeSigns
    digest_at: int | None
    self_check: SelfCheck
    lifecycle: LifecycleSettings
    calendars: Mapping[str, tuple[str, ...]]
    maintenance: tuple[MaintenanceWindow, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the sections that ``parse_policy`` parses to this value."""
        at = self.digest_at
        return {
            "senders": [sender.to_json() for sender in self.senders],
            "severities": {
                key: action.value for key, action in self.severities.items()
            },
            "kinds": {key: word.value for key, word in self.kinds.items()},
            **routes_to_json(self.root),
            "grouping": self.grouping.to_json(),
            "life_signs": self.life_signs.to_json(),
            "digest": {"at": NEVER if at is None else time_of_day(at)},
            "self_check": self.self_check.to_json(),
            "lifecycle": self.lifecycle.to_json(),
            "calendars": {name: list(spans) for name, spans in self.calendars.items()},
            "maintenance": [window.to_json() for window in self.maintenance],
        }


def parse_policy(data: Mapping[str, Any]) -> PolicyConfig:
    """Parse checked sections of config.yaml; what is left out gets its default.

    >>> parse_policy({}).severities["panic"]
    <Action.ALERT: 'alert'>

    Raises:
        ValueError: a sender's address that is none, or a time.

    """
    data = with_defaults(dict(data))
    calendars = {name: tuple(spans) for name, spans in data["calendars"].items()}
    at = data["digest"]["at"]
    return PolicyConfig(
        senders=tuple(ListedSender.from_json(entry) for entry in data["senders"]),
        severities=_actions(data["severities"]),
        kinds=_actions(data["kinds"]),
        root=parse_routes(data),
        grouping=Grouping.from_json(data["grouping"]),
        life_signs=LifeSigns.from_json(data["life_signs"]),
        digest_at=None if at == NEVER else second_of_day(at),
        self_check=SelfCheck.from_json(data["self_check"], data["receive"]),
        lifecycle=LifecycleSettings.from_json(data["lifecycle"]),
        calendars=types.MappingProxyType(calendars),
        maintenance=tuple(
            MaintenanceWindow.from_json(entry, calendars)
            for entry in data["maintenance"]
        ),
    )


def second_of_day(text: str) -> int:
    """Return the second of the day of a time.

    >>> second_of_day("08:30")
    30600
    """
    hours, _, minutes = text.partition(":")
    return int(hours) * 3600 + int(minutes) * 60


def time_of_day(second: int) -> str:
    """Return the time of a second of the day.

    >>> time_of_day(30600)
    '08:30'
    """
    return f"{second // 3600:02d}:{second // 60 % 60:02d}"


def _actions(section: Mapping[str, str]) -> Mapping[str, Action]:
    return types.MappingProxyType({key: Action(word) for key, word in section.items()})
