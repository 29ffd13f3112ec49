"""Crashes of one cause at one service. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.notification.codec import decode_labels, encode_labels
from omprog_panic.notification.familiarity import (
    Familiarity,
    decode_familiarity,
    encode_familiarity,
)
from omprog_panic.notification.fields import Fields
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from omprog_panic.notification.notification import Labels
    from omprog_panic.policy.json_object import Json


@dataclasses.dataclass(frozen=True, slots=True)
class GroupLead:
    """The crash that the messages about a group are titled after, and show."""

    t: float
    id: str  # of its incident
    labels: Labels
    known: Familiarity

    @property
    def order(self) -> tuple[float, str]:
        return self.t, self.id


class GroupHost(NamedTuple):
    """How often a host crashed."""

    name: str
    crashes: int


@dataclasses.dataclass(slots=True)
class GroupTotals:
    """Everything since the group was opened; counts are by hosts."""

    crashes: int = 0
    unnamed: int = 0  # crashes of hosts that are too many to be told apart
    hosts: dict[str, GroupHost] = dataclasses.field(default_factory=dict)  # by address
    kernels: dict[str, int] = dataclasses.field(default_factory=dict)
    hardware: dict[str, int] = dataclasses.field(default_factory=dict)
    titles: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class GroupPending:
    """What no message has yet: the number of crashes, by address."""

    crashes: int = 0
    fresh: dict[str, int] = dataclasses.field(default_factory=dict)  # never notified
    again: dict[str, int] = dataclasses.field(default_factory=dict)  # notified before


@dataclasses.dataclass(slots=True)
class GroupState:
    """One cause at one service."""

    cause: str
    service: str
    route: str
    template: str | None
    opened_t: float
    opened_at: float  # wall
    last_t: float
    lead: GroupLead
    notified_t: float | None = None  # None: group_wait_s is not over
    step: int = 0  # into repeat_s
    totals: GroupTotals = dataclasses.field(default_factory=GroupTotals)
    pending: GroupPending = dataclasses.field(default_factory=GroupPending)


def _encode(row: GroupState) -> Json:
    return {
        "cause": row.cause,
        "service": row.service,
        "route": row.route,
        "template": row.template,
        "opened_t": row.opened_t,
        "opened_at": row.opened_at,
        "last_t": row.last_t,
        "lead": _encode_lead(row.lead),
        "notified_t": row.notified_t,
        "step": row.step,
        "totals": {
            "crashes": row.totals.crashes,
            "unnamed": row.totals.unnamed,
            "hosts": {
                address: [name, crashes]
                for address, (name, crashes) in row.totals.hosts.items()
            },
            "kernels": row.totals.kernels,
            "hardware": row.totals.hardware,
            "titles": list(row.totals.titles),
        },
        "pending": {
            "crashes": row.pending.crashes,
            "fresh": row.pending.fresh,
            "again": row.pending.again,
        },
    }


def _decode(raw: Json) -> GroupState:
    totals, pending = raw["totals"], raw["pending"]
    return GroupState(
        cause=raw["cause"],
        service=raw["service"],
        route=raw["route"],
        template=raw["template"],
        opened_t=raw["opened_t"],
        opened_at=raw["opened_at"],
        last_t=raw["last_t"],
        lead=_decode_lead(raw["lead"]),
        notified_t=raw["notified_t"],
        step=raw["step"],
        totals=GroupTotals(
            crashes=totals["crashes"],
            unnamed=totals["unnamed"],
            hosts={
                address: GroupHost(name, crashes)
                for address, (name, crashes) in totals["hosts"].items()
            },
            kernels=totals["kernels"],
            hardware=totals["hardware"],
            titles=tuple(totals["titles"]),
        ),
        pending=GroupPending(pending["crashes"], pending["fresh"], pending["again"]),
    )


def _encode_lead(lead: GroupLead) -> Json:
    return {
        "t": lead.t,
        "id": lead.id,
        "labels": encode_labels(lead.labels),
        "known": encode_familiarity(lead.known),
    }


def _decode_lead(raw: Json) -> GroupLead:
    return GroupLead(
        t=raw["t"],
        id=raw["id"],
        labels=decode_labels(Fields(raw["labels"])),
        known=decode_familiarity(Fields(raw["known"])),
    )


GROUPS = RowFormat("groups", _encode, _decode)
