"""Every listed and every heard sender, as ``omprog-panic senders`` shows them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.senders import SenderDirectory
from omprog_panic.plain import visible
from omprog_panic.policy.digest import digest_facts
from omprog_panic.render.context import utc
from omprog_panic.store import incidents, senders
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from omprog_panic.config.senders import ListedSender
    from omprog_panic.notification.digest import DailyDigest
    from omprog_panic.policy.state.sender import SenderState
    from omprog_panic.store.incidents import LatestIncident


STATES = {
    "silent": "said nothing for longer than its limit",
    "crashed": "crashed, and has not come back",
    "down": "said that it goes down",
    "up": "sends heartbeats",
    "heard": "was heard, but sends no heartbeats: its silence means nothing",
    "never heard": "listed, but nothing ever came",
}
ITSELF = "this monitor itself, by the datagrams of its self-check"


def list_senders(path: Path, listed: Sequence[ListedSender]) -> list[dict[str, Any]]:
    """Return a row for each sender: listed ones first, by name.

    Raises:
        StoreError: the database cannot be read.

    """
    directory = SenderDirectory(listed)
    with existing_database(path) as database, database.read() as connection:
        memory = open_memory(connection)
        last = incidents.latest_by_source(connection)
    rows = [
        _row(directory, sender, last.get(sender.source))
        for sender in memory.senders.rows.values()
    ]
    heard = set(memory.senders.rows)
    rows += [
        _never_heard(entry.name, entry.single)
        for entry in listed
        if entry.single is not None and entry.single not in heard
    ]
    return sorted(rows, key=lambda r: (not r["listed"], r["name"], r["address"]))


def find_token(path: Path, token: str) -> dict[str, Any] | None:
    """Return the ``verify`` record with this token; None when it has not arrived.

    Raises:
        StoreError: the database cannot be read.

    """
    with existing_database(path) as database, database.read() as connection:
        found = senders.find_verified(connection, token)
    if found is None:
        return None
    return {"at": found.at, "source": found.source, "host": found.host}


def state_of(sender: SenderState) -> str:
    """Say in one word of STATES how a sender is."""
    if sender.silent:
        return "silent"
    if sender.crash is not None:
        return "crashed"
    if sender.farewell_t is not None:
        return "down"
    return "up" if sender.heartbeat else "heard"


def _row(
    directory: SenderDirectory, sender: SenderState, last: LatestIncident | None
) -> dict[str, Any]:
    state = state_of(sender)
    listed = directory.entry_for(sender.source)
    return {
        "name": visible(directory.name_of(sender.source, sender.host)),
        "address": sender.source,
        "group": "" if listed is None else listed.name,
        "listed": listed is not None,
        "kernel": None if sender.kernel is None else visible(sender.kernel),
        "state": state,
        "meaning": STATES[state] if listed or not _is_here(sender.source) else ITSELF,
        "heartbeats": sender.heartbeat,
        "last_heard": utc(rfc3339(sender.heard.wall)),
        "last_incident": None if last is None else utc(last.onset_at),
        "last_incident_id": None if last is None else last.id,
    }


def _is_here(source: str) -> bool:
    return ipaddress.ip_address(source).is_loopback


def _never_heard(name: str, address: str) -> dict[str, Any]:
    return {
        "name": name,
        "address": address,
        "group": name,
        "listed": True,
        "kernel": None,
        "state": "never heard",
        "meaning": STATES["never heard"],
        "heartbeats": False,
        "last_heard": None,
        "last_incident": None,
        "last_incident_id": None,
    }


def next_digest(path: Path) -> DailyDigest | None:
    """Return what the digest would contain now; None: nothing, or none is configured.

    Raises:
        StoreError: the database cannot be read.

    """
    with existing_database(path) as database, database.read() as connection:
        memory = open_memory(connection)
    return digest_facts(memory, SystemClock().wall())
