"""The life cycle of a cause at one service: from firing to resolved. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.notification.codec import decode_labels, encode_labels
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.holder import Holder, decode_holder, encode_holder
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.notification.notification import Labels
    from omprog_panic.policy.json_object import Json


class OpenHost(NamedTuple):
    """The last crash of a host, and when it was back after it."""

    name: str
    crashes: int
    crashed_t: float
    ended_t: float
    boot: str  # that crashed
    back_t: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class LifecycleStart:
    """The incident that it began with (``episode``), and what that is labelled."""

    episode: str
    t: float
    at: float  # wall
    labels: Labels


@dataclasses.dataclass(slots=True)
class OpenCrashes:
    """All crashes since the start; ``severity`` is the worst of them."""

    last_t: float
    severity: str
    crashes: int = 0
    hosts: dict[str, OpenHost] = dataclasses.field(default_factory=dict)  # by address
    unnamed: int = 0  # crashes of hosts that are too many to be told apart
    kernels: dict[str, int] = dataclasses.field(default_factory=dict)  # hosts of each


@dataclasses.dataclass(frozen=True, slots=True)
class Baseline:
    """How bad it was when it was acknowledged, or last notified since."""

    hosts: int
    kernels: tuple[str, ...]
    severity: str


@dataclasses.dataclass(slots=True)
class LifecycleState:
    """One cause at one service.

    ``fired``: the service was sent a message about it. ``told``: who has the cause, as
    the service knows it. ``baseline`` None: nobody has it.
    """

    cause: str
    service: str
    template: str | None
    start: LifecycleStart
    seen: OpenCrashes
    fired: bool = False
    told: Holder | None = None
    baseline: Baseline | None = None
    worse: tuple[str, ...] = ()  # than the baseline: values of notification's Worse
    times: int = 0  # that it was resolved shortly before, and came again


def lifecycle_key(cause: str, service: str) -> str:
    """Return the key of a row; groups have the same keys."""
    return f"{cause}|{service}"


def _encode(row: LifecycleState) -> Json:
    return {
        "cause": row.cause,
        "service": row.service,
        "template": row.template,
        "start": {
            "episode": row.start.episode,
            "t": row.start.t,
            "at": row.start.at,
            "labels": encode_labels(row.start.labels),
        },
        "seen": _encode_seen(row.seen),
        "fired": row.fired,
        "told": encode_holder(row.told),
        "baseline": None if row.baseline is None else _encode_baseline(row.baseline),
        "worse": list(row.worse),
        "times": row.times,
    }


def _decode(raw: Json) -> LifecycleState:
    start, told, baseline = raw["start"], raw["told"], raw["baseline"]
    return LifecycleState(
        cause=raw["cause"],
        service=raw["service"],
        template=raw["template"],
        start=LifecycleStart(
            start["episode"],
            start["t"],
            start["at"],
            decode_labels(Fields(start["labels"])),
        ),
        seen=_decode_seen(raw["seen"]),
        fired=raw["fired"],
        told=None if told is None else decode_holder(Fields(told)),
        baseline=None if baseline is None else _decode_baseline(baseline),
        worse=tuple(raw["worse"]),
        times=raw["times"],
    )


def _encode_seen(seen: OpenCrashes) -> Json:
    return {
        "last_t": seen.last_t,
        "severity": seen.severity,
        "crashes": seen.crashes,
        "hosts": {
            address: {
                "name": host.name,
                "crashes": host.crashes,
                "crashed_t": host.crashed_t,
                "ended_t": host.ended_t,
                "boot": host.boot,
                "back_t": host.back_t,
            }
            for address, host in seen.hosts.items()
        },
        "unnamed": seen.unnamed,
        "kernels": seen.kernels,
    }


def _decode_seen(raw: Json) -> OpenCrashes:
    return OpenCrashes(
        last_t=raw["last_t"],
        severity=raw["severity"],
        crashes=raw["crashes"],
        hosts={
            address: OpenHost(
                name=host["name"],
                crashes=host["crashes"],
                crashed_t=host["crashed_t"],
                ended_t=host["ended_t"],
                boot=host["boot"],
                back_t=host["back_t"],
            )
            for address, host in raw["hosts"].items()
        },
        unnamed=raw["unnamed"],
        kernels=raw["kernels"],
    )


def _encode_baseline(baseline: Baseline) -> Json:
    return {
        "hosts": baseline.hosts,
        "kernels": list(baseline.kernels),
        "severity": baseline.severity,
    }


def _decode_baseline(raw: Json) -> Baseline:
    return Baseline(raw["hosts"], tuple(raw["kernels"]), raw["severity"])


LIFECYCLES = RowFormat("lifecycles", _encode, _decode)
