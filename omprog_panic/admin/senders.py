"""Every sender that is listed or was heard, and its state."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.address import is_loopback
from omprog_panic.admin.search import host_matches, kernel_matches
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import rfc3339
from omprog_panic.config.senders import SenderDirectory
from omprog_panic.plain import visible
from omprog_panic.policy.state.sender import SENDERS
from omprog_panic.render.context import utc
from omprog_panic.store import incidents, senders
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.config.senders import ListedSender
    from omprog_panic.policy.state.sender import SenderState
    from omprog_panic.spool.record import AliveRecord
    from omprog_panic.store.connect import Location
    from omprog_panic.store.incidents import LatestIncident

NEVER_HEARD = "never heard"
STATES = {
    "silent": "has sent nothing for longer than its limit",
    "crashed": "has crashed and is not back yet",
    "down": "has announced its shutdown",
    "up": "sends heartbeats",
    "heard": "has sent messages, but no heartbeats: its silence means nothing",
    NEVER_HEARD: "is listed, but has never sent anything",
}
THIS_MONITOR = "this monitor itself: the datagrams of its self-check"


@dataclasses.dataclass(frozen=True, slots=True)
class SenderOverview:
    """A sender as people see it; times are in UTC, None: never."""

    name: str
    address: str
    group: str  # the name of its entry in ``senders``; "": not listed
    listed: bool
    kernel: str | None
    state: str  # a key of STATES
    meaning: str
    heartbeats: bool
    last_heard: str | None
    last_incident: str | None
    last_incident_id: str | None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "name": self.name,
            "address": self.address,
            "group": self.group,
            "listed": self.listed,
            "kernel": self.kernel,
            "state": self.state,
            "meaning": self.meaning,
            "heartbeats": self.heartbeats,
            "last_heard": self.last_heard,
            "last_incident": self.last_incident,
            "last_incident_id": self.last_incident_id,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class SenderQuery:
    """Which senders to list; what is empty or None does not restrict the list.

    ``hosts`` and ``kernels`` are patterns as in silences; ``states`` are keys of
    STATES. ``since`` and ``until`` are wall times at which a sender was last heard.
    """

    hosts: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None

    def heard_matches(self, wall: float | None) -> bool:
        """Return whether the time when a sender was last heard matches."""
        if wall is None:
            return self.since is None and self.until is None
        after = self.since is None or wall >= self.since
        return after and (self.until is None or wall < self.until)


EVERY_SENDER = SenderQuery()


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedSender:
    """The record that brought a token, with what the sender said about itself."""

    record: AliveRecord

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        record = self.record
        return {
            "id": record.id,
            "source": record.source,
            "at": record.at,
            "says": record.says,
            "host": record.host,
            "boot": record.boot,
            "kernel": record.kernel,
            "client_version": record.client_version,
            "next_s": record.next_s,
            "token": record.token,
            "written_at": record.written_at,
        }


def list_senders(
    location: Location,
    listed: Sequence[ListedSender],
    query: SenderQuery = EVERY_SENDER,
) -> list[SenderOverview]:
    """Return the senders that match: listed ones first, by name.

    Raises:
        StoreError: the database cannot be read.

    """
    directory = SenderDirectory(listed)
    with existing_database(location) as database, database.read() as connection:
        heard = open_memory(connection, SENDERS.table).senders.rows
        last = incidents.latest_by_source(connection)
    found = [
        _heard(directory, sender, _latest(directory, sender.source, last))
        for sender in heard.values()
        if query.heard_matches(sender.heard.wall)
    ]
    found += [
        _never_heard(entry.name, entry.single)
        for entry in listed
        if entry.single is not None
        and entry.single not in heard
        and query.heard_matches(None)
    ]
    matching = [
        sender
        for sender in found
        if (not query.states or sender.state in query.states)
        and host_matches(query.hosts, sender.name, sender.address, directory)
        and kernel_matches(query.kernels, sender.kernel or "")
    ]
    return sorted(matching, key=lambda s: (not s.listed, s.name, s.address))


def find_token(location: Location, token: str) -> VerifiedSender | None:
    """Return the sender of a ``verify`` token; None: it has not arrived.

    Raises:
        StoreError: the database cannot be read.

    """
    with existing_database(location) as database, database.read() as connection:
        found = senders.find_verified(connection, token)
    return None if found is None else VerifiedSender(found)


def state_of(sender: SenderState) -> str:
    """Return the state of a sender, a key of STATES."""
    if sender.silent:
        return "silent"
    if sender.crash is not None:
        return "crashed"
    if sender.farewell_t is not None:
        return "down"
    return "up" if sender.heartbeat else "heard"


def _latest(
    directory: SenderDirectory, source: str, last: Mapping[str, LatestIncident]
) -> LatestIncident | None:
    """Return the last incident of a machine, whichever of its addresses spoke."""
    found = [last[a] for a in directory.addresses_of(source) if a in last]
    return max(found, key=lambda incident: incident.onset_at, default=None)


def _heard(
    directory: SenderDirectory, sender: SenderState, last: LatestIncident | None
) -> SenderOverview:
    state = state_of(sender)
    entry = directory.entry_for(sender.source)
    is_monitor = entry is None and is_loopback(sender.source)
    return SenderOverview(
        name=visible(directory.name_of(sender.source, sender.host)),
        address=sender.source,
        group="" if entry is None else entry.name,
        listed=entry is not None,
        kernel=None if sender.kernel is None else visible(sender.kernel),
        state=state,
        meaning=THIS_MONITOR if is_monitor else STATES[state],
        heartbeats=sender.heartbeat,
        last_heard=utc(rfc3339(sender.heard.wall)),
        last_incident=None if last is None else utc(last.onset_at),
        last_incident_id=None if last is None else last.id,
    )


def _never_heard(name: str, address: str) -> SenderOverview:
    return SenderOverview(
        name=name,
        address=address,
        group=name,
        listed=True,
        kernel=None,
        state=NEVER_HEARD,
        meaning=STATES[NEVER_HEARD],
        heartbeats=False,
        last_heard=None,
        last_incident=None,
        last_incident_id=None,
    )
