"""Who should speak, and who did."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, doubtful, good, unknown
from omprog_panic.errors import StoreError
from omprog_panic.store.connect import Database
from omprog_panic.store.senders import MAX_LISTED, list_refused, list_senders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.examination import Examination

SHOWN = 10  # names in one line
REFUSED_WITHIN_S = 86_400  # strangers who have been still for a day are no finding


def check_senders(x: Examination) -> Iterator[Finding]:
    """Compare the listed senders with those that were heard."""
    if x.config is None:
        return
    if not x.config.senders:
        yield doubtful(
            "senders",
            "none is listed: only this machine itself may send",
            "omprog-panic senders add NAME ADDRESS --write",
            "omprog-panic apply",
        )
    database = Database(x.config.paths.database)
    try:
        database.check()
        with database.read() as connection:
            heard = {row.source for row in list_senders(connection, MAX_LISTED)}
            refused = list_refused(connection, x.now - REFUSED_WITHIN_S)
    except StoreError as error:
        yield unknown("senders", str(error), "omprog-panic status")
        return
    finally:
        database.close()
    yield from _compare(x, heard, set(refused))


def _compare(x: Examination, heard: set[str], refused: set[str]) -> Iterator[Finding]:
    assert x.config is not None
    addresses = {source: ipaddress.ip_address(source) for source in heard | refused}
    mute = [
        sender.name
        for sender in x.config.senders
        if not any(
            addresses[source] in network
            for network in sender.networks
            for source in heard
        )
    ]
    networks = [network for sender in x.config.senders for network in sender.networks]
    strange = sorted(
        source
        for source, address in addresses.items()
        if not address.is_loopback and not any(address in n for n in networks)
    )
    if mute:
        yield doubtful(
            "senders",
            f"{len(mute)} listed, never heard: {_shown(mute)}",
            "on each of them: omprog-panic-client verify",
        )
    if strange:
        yield doubtful(
            "senders",
            f"{len(strange)} heard, not listed: {_shown(strange)}",
            f"omprog-panic senders add NAME {strange[0]} --write",
        )
    if x.config.senders and not mute and not strange:
        yield good("senders", f"all {len(x.config.senders)} were heard")


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
