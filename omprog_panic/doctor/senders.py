"""The listed senders, compared with those that were heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.address import is_loopback, is_within, plain
from omprog_panic.doctor.finding import Finding, ok, unknown, warning
from omprog_panic.errors import StoreError
from omprog_panic.store.connect import existing_database
from omprog_panic.store.refused import recently_refused
from omprog_panic.store.senders import heard_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.address import Network
    from omprog_panic.doctor.context import CheckContext

SHOWN = 10  # names on one line


def check_senders(x: CheckContext) -> Iterator[Finding]:
    """Compare the listed senders with those that were heard."""
    if x.config is None:
        return
    if not x.config.senders:
        yield warning(
            "senders",
            "none are listed: only this machine itself may send",
            "omprog-panic senders add NAME ADDRESS --write",
            "omprog-panic apply",
        )
    try:
        with (
            existing_database(x.config.paths.database) as database,
            database.read() as connection,
        ):
            heard = {plain(source) for source in heard_sources(connection)}
            refused = {row.address for row in recently_refused(connection, x.now)}
    except StoreError as error:
        yield unknown("senders", str(error), "omprog-panic status")
        return
    yield from _compare(x, heard, refused)


def _compare(x: CheckContext, heard: set[str], refused: set[str]) -> Iterator[Finding]:
    assert x.config is not None
    silent = [
        sender.name
        for sender in x.config.senders
        if not any(_was_heard(network, heard) for network in sender.networks)
    ]
    directory = x.config.directory
    unlisted = sorted(
        source
        for source in heard | refused
        if not is_loopback(source) and directory.entry_for(source) is None
    )
    if silent:
        yield warning(
            "senders",
            f"{len(silent)} listed, but never heard: {_shown(silent)}",
            "run on each of them: omprog-panic-client verify",
        )
    if unlisted:
        yield warning(
            "senders",
            f"{len(unlisted)} heard, but not listed: {_shown(unlisted)}",
            f"omprog-panic senders add NAME {unlisted[0]} --write",
        )
    if x.config.senders and not silent and not unlisted:
        yield ok("senders", f"all {len(x.config.senders)} were heard")


def _was_heard(network: Network, heard: set[str]) -> bool:
    if network.num_addresses == 1:  # of thousands of hosts each is looked up
        return str(network.network_address) in heard
    return any(is_within(source, network) for source in heard)


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
