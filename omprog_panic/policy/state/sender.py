"""Addresses that were heard, or are listed and were not. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(frozen=True, slots=True)
class LastHeard:
    """When a sender was last heard, on each clock."""

    t: float = 0.0
    wall: float = 0.0
    listened: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class LastCrash:
    """The last crash of a host, until a boot follows it."""

    id: str
    t: float
    ended_t: float
    boot: str
    panicked: bool
    notified: bool
    repeat: bool  # every service has been notified of an earlier crash of its cause
    title: str
    kernel: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class KnownBoot:
    """The boot id that the sender itself announces."""

    id: str | None = None  # None: the next one that it announces is this boot's
    id_t: float | None = None  # when it first announced this id
    seen_t: float | None = None  # of a boot that the collector saw


@dataclasses.dataclass(slots=True)
class SenderState:
    """One address that was heard."""

    source: str
    host: str | None = None
    kernel: str | None = None
    heard: LastHeard = LastHeard()
    heartbeat: bool = False
    next_s: float | None = None  # until the next heartbeat, as it announced
    says_farewell: bool = False  # has ever done so
    farewell_t: float | None = None
    drill_t: float | None = None  # announced, and no crash followed so far
    drill_host: str | None = None  # the name of the host that announced it
    silent: bool = False  # and notified
    crash: LastCrash | None = None
    boot: KnownBoot = KnownBoot()
    open_in: tuple[str, ...] = ()  # keys of life cycles that wait until it is back


@dataclasses.dataclass(slots=True)
class HostCausesState:
    """The causes that one host was the first to crash of, and when (``t``)."""

    opened: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class UnheardState:
    """A listed machine that was never heard."""

    since_listened: float
    notified: bool = False


def _encode_sender(row: SenderState) -> Json:
    return {
        "source": row.source,
        "host": row.host,
        "kernel": row.kernel,
        "heard": {
            "t": row.heard.t,
            "wall": row.heard.wall,
            "listened": row.heard.listened,
        },
        "heartbeat": row.heartbeat,
        "next_s": row.next_s,
        "says_farewell": row.says_farewell,
        "farewell_t": row.farewell_t,
        "drill_t": row.drill_t,
        "drill_host": row.drill_host,
        "silent": row.silent,
        "crash": None if row.crash is None else _encode_crash(row.crash),
        "boot": {
            "id": row.boot.id,
            "id_t": row.boot.id_t,
            "seen_t": row.boot.seen_t,
        },
        "open_in": list(row.open_in),
    }


def _decode_sender(raw: Json) -> SenderState:
    heard, boot, crash = raw["heard"], raw["boot"], raw["crash"]
    return SenderState(
        source=raw["source"],
        host=raw["host"],
        kernel=raw["kernel"],
        heard=LastHeard(heard["t"], heard["wall"], heard["listened"]),
        heartbeat=raw["heartbeat"],
        next_s=raw["next_s"],
        says_farewell=raw["says_farewell"],
        farewell_t=raw["farewell_t"],
        drill_t=raw["drill_t"],
        drill_host=raw["drill_host"],
        silent=raw["silent"],
        crash=None if crash is None else _decode_crash(crash),
        boot=KnownBoot(boot["id"], boot["id_t"], boot["seen_t"]),
        open_in=tuple(raw["open_in"]),
    )


def _encode_crash(crash: LastCrash) -> Json:
    return {
        "id": crash.id,
        "t": crash.t,
        "ended_t": crash.ended_t,
        "boot": crash.boot,
        "panicked": crash.panicked,
        "notified": crash.notified,
        "repeat": crash.repeat,
        "title": crash.title,
        "kernel": crash.kernel,
    }


def _decode_crash(raw: Json) -> LastCrash:
    return LastCrash(
        id=raw["id"],
        t=raw["t"],
        ended_t=raw["ended_t"],
        boot=raw["boot"],
        panicked=raw["panicked"],
        notified=raw["notified"],
        repeat=raw["repeat"],
        title=raw["title"],
        kernel=raw["kernel"],
    )


def _encode_causes(row: HostCausesState) -> Json:
    return {"opened": row.opened}


def _decode_causes(raw: Json) -> HostCausesState:
    return HostCausesState(raw["opened"])


def _encode_unheard(row: UnheardState) -> Json:
    return {"since_listened": row.since_listened, "notified": row.notified}


def _decode_unheard(raw: Json) -> UnheardState:
    return UnheardState(raw["since_listened"], raw["notified"])


SENDERS = RowFormat("senders", _encode_sender, _decode_sender)
HOST_CAUSES = RowFormat("host_causes", _encode_causes, _decode_causes)
UNHEARD = RowFormat("unheard", _encode_unheard, _decode_unheard)
