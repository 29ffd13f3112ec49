"""Hosts that wait to be named in one message to one service. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

from omprog_panic.notification.boots import (
    Back,
    BackHost,
    SuspectedCrash,
    UnannouncedBoot,
)
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.senders import (
    NeverHeard,
    SenderSilent,
    SenderSpeaks,
    SilentHost,
)
from omprog_panic.policy.state.table import RowFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.policy.json_object import Json

HostEntry: TypeAlias = BackHost | UnannouncedBoot | SilentHost
BundleFacts: TypeAlias = (
    Back | SuspectedCrash | SenderSilent | SenderSpeaks | NeverHeard
)
BUNDLED: Mapping[Kind, type[BundleFacts]] = {
    Kind.BACK: Back,
    Kind.SUSPECTED_CRASH: SuspectedCrash,
    Kind.SENDER_SILENT: SenderSilent,
    Kind.SENDER_SPEAKS: SenderSpeaks,
    Kind.NEVER_HEARD: NeverHeard,
}


@dataclasses.dataclass(slots=True)
class BundleState:
    """Hosts of one kind of message for one service."""

    kind: Kind
    service: str
    template: str | None = None
    notified_t: float | None = None
    waiting: tuple[HostEntry, ...] = ()
    more: int = 0  # hosts that are not named


def facts_of(kind: Kind, hosts: tuple[HostEntry, ...], count: int) -> BundleFacts:
    """Return the facts of a message about these hosts and others."""
    make = BUNDLED[kind]
    return make(hosts, count)  # type: ignore[arg-type]  # one kind, one class of hosts


def _encode(row: BundleState) -> Json:
    facts = facts_of(row.kind, row.waiting, len(row.waiting) + row.more)
    return {
        "kind": row.kind.value,
        "service": row.service,
        "template": row.template,
        "notified_t": row.notified_t,
        "facts": FORMATS[row.kind].encode(facts),
    }


def _decode(raw: Json) -> BundleState:
    kind = Kind(raw["kind"])
    facts: BundleFacts = FORMATS[kind].decode(Fields(raw["facts"]))
    return BundleState(
        kind=kind,
        service=raw["service"],
        template=raw["template"],
        notified_t=raw["notified_t"],
        waiting=facts.hosts,
        more=facts.count - len(facts.hosts),
    )


BUNDLES = RowFormat("bundles", _encode, _decode)
