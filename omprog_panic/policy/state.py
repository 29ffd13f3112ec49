"""What the policy remembers, as rows that JSON can hold. Pure.

Rows are changed in place and then ``put`` again: that marks them for the store, which
writes only what has changed.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


@dataclasses.dataclass
class Group:
    """One cause at one service."""

    cause: str
    service: str
    opened_t: float
    last_t: float
    opened_at: float  # wall
    lead: dict[str, Any]  # of the first crash: id, t and what a message says of it
    route: str
    template: str | None = None
    told_t: float | None = None  # None: group_wait_s is not over
    step: int = 0  # into repeat_s
    crashes: int = 0
    untold: int = 0
    names: dict[str, str] = dataclasses.field(default_factory=dict)  # by address
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    fresh: dict[str, int] = dataclasses.field(default_factory=dict)  # hosts not told
    again: dict[str, int] = dataclasses.field(default_factory=dict)  # told before
    kernels: dict[str, int] = dataclasses.field(default_factory=dict)
    hardware: dict[str, int] = dataclasses.field(default_factory=dict)
    unnamed: int = 0  # crashes of hosts beyond MAX_HOSTS
    titles: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Sender:
    """One address that was heard."""

    source: str
    host: str | None = None
    kernel: str | None = None
    boot_id: str | None = None  # as the sender itself says
    heard_t: float = 0.0
    heard_at: float = 0.0  # wall
    heard_listened: float = 0.0
    heartbeat: bool = False
    next_s: float | None = None
    says_farewell: bool = False  # has ever done so
    farewell_t: float | None = None
    drill_t: float | None = None
    silent: bool = False  # was told
    crash: dict[str, Any] | None = None  # the last one, until a boot follows it
    boot_id_t: float | None = None  # when it first said this id
    boot_t: float | None = None
    causes: dict[str, float] = dataclasses.field(default_factory=dict)  # opened by it


@dataclasses.dataclass
class Bundle:
    """Messages of one sort to one service that become one."""

    kind: str
    service: str
    template: str | None = None
    told_t: float | None = None
    waiting: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    more: int = 0  # beyond MAX_BUNDLED


@dataclasses.dataclass
class Ceiling:
    """What one service has had within the hour, and what it has not."""

    service: str
    sent: list[float] = dataclasses.field(default_factory=list)  # t
    held: dict[str, int] = dataclasses.field(default_factory=dict)  # by kind
    held_t: float | None = None  # of the first that no notice has told
    held_at: float = 0.0
    notice_t: float | None = None


@dataclasses.dataclass
class SilenceRow:
    """A silence, and what happened under it."""

    id: str
    match: dict[str, list[str]]
    author: str
    comment: str
    starts_at: float
    ends_at: float
    crashes: int = 0
    signs: int = 0
    incidents: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    services: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Waiting:
    """A boot that is judged when what may explain it must have arrived."""

    t: float
    arrived_t: float
    event: dict[str, Any]


@dataclasses.dataclass
class Listed:
    """A listed machine of which nothing was heard so far."""

    since_listened: float
    told: bool = False


@dataclasses.dataclass
class Digest:
    """What the next digest says."""

    since: float | None = None  # wall
    day: int | None = None  # local day of the last one
    causes: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    more_causes: int = 0
    boots: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    more_boots: int = 0
    held: dict[str, int] = dataclasses.field(default_factory=dict)  # by service
    silenced: int = 0


@dataclasses.dataclass
class Monitor:
    """The monitor itself."""

    t: float = 0.0
    wall: float = 0.0
    listened: float = 0.0
    messages: int = 0  # numbered from 1
    silence_revision: int = 0  # of the newest change that was taken up
    probe_token: str | None = None  # out, not back
    probe_tokens: list[str] = dataclasses.field(default_factory=list)  # the last ones
    probe_t: float | None = None
    probe_error: str | None = None
    probe_heard_at: float | None = None
    misses: int = 0
    deaf: bool = False
    deaf_at: float | None = None  # wall
    deaf_t: float | None = None


@dataclasses.dataclass
class Basis:
    """The configuration, as it came."""

    data: dict[str, Any]
    receivers: list[list[Any]]


class Table(Generic[_T]):
    """Rows by key."""

    def __init__(self, row_type: type[_T]) -> None:
        self._type = row_type
        self.rows: dict[str, _T] = {}
        self.changed: set[str] = set()

    def get(self, key: str) -> _T | None:
        return self.rows.get(key)

    def put(self, key: str, row: _T) -> None:
        """Add or mark a row as changed."""
        self.rows[key] = row
        self.changed.add(key)

    def drop(self, key: str) -> None:
        if self.rows.pop(key, None) is not None:
            self.changed.add(key)

    def load(self, key: str, data: dict[str, Any]) -> None:
        """Take a row up; fields that this version does not know are left out."""
        known = {f.name for f in dataclasses.fields(self._type)}  # type: ignore[arg-type]
        self.rows[key] = self._type(**{k: v for k, v in data.items() if k in known})


class State:
    """All tables. ``load`` and ``changes`` are the way to a store and back."""

    def __init__(self) -> None:
        self.basis: Table[Basis] = Table(Basis)
        self.monitor: Table[Monitor] = Table(Monitor)
        self.groups: Table[Group] = Table(Group)
        self.senders: Table[Sender] = Table(Sender)
        self.bundles: Table[Bundle] = Table(Bundle)
        self.ceilings: Table[Ceiling] = Table(Ceiling)
        self.silences: Table[SilenceRow] = Table(SilenceRow)
        self.boots: Table[Waiting] = Table(Waiting)
        self.listed: Table[Listed] = Table(Listed)
        self.digest: Table[Digest] = Table(Digest)

    def tables(self) -> dict[str, Table[Any]]:
        return vars(self)

    def load(self, name: str, key: str, data: dict[str, Any]) -> None:
        """Take up one row; a table of a newer version is left out."""
        table = self.tables().get(name)
        if table is not None:
            table.load(key, data)

    @property
    def has_changes(self) -> bool:
        """Whether there is something that the store has not."""
        return any(table.changed for table in self.tables().values())

    def changes(self) -> list[tuple[str, str, dict[str, Any] | None]]:
        """Return the rows that changed since the last time; None: gone."""
        found = [
            (name, key, vars(table.rows[key]) if key in table.rows else None)
            for name, table in self.tables().items()
            for key in sorted(table.changed)
        ]
        for table in self.tables().values():
            table.changed.clear()
        return found

    def everything(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return every row."""
        return [
            (name, key, vars(row))
            for name, table in self.tables().items()
            for key, row in table.rows.items()
        ]
