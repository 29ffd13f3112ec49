"""The rules, from the list of senders. Pure.

They stand in a chain of their own, to which one rule of INPUT sends the datagrams for
our port. ``iptables-restore --noflush`` replaces that chain as a whole and touches
nothing else (iptables-restore(8)); both rules and jump change in one transaction.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.errors import OmprogPanicError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.config.addresses import Network
    from omprog_panic.config.senders import ListedSender

CHAIN = "OMPROG-PANIC"
FAMILIES = (4, 6)
RATE = 10_000
"""Datagrams a second of one sender, and as many at once, before the rest is dropped.

A `panic_print` dump is the worst that a real panic does: 1,184 records in 0.2 s were
measured, 5,920 a second, of which none may be dropped. A flood is a hundred times that.
"""
_LIMIT = (
    f"-m hashlimit --hashlimit-upto {RATE}/sec --hashlimit-burst {RATE}"
    " --hashlimit-mode srcip --hashlimit-name omprog-panic"
)


class NoSendersError(OmprogPanicError):
    """Nobody is listed: rules would drop everything."""


class Admission(NamedTuple):
    """One network that may send; ``source_port`` None admits any."""

    network: Network
    source_port: int | None


def admissions(senders: Iterable[ListedSender]) -> tuple[Admission, ...]:
    """Give who may send, each once, in an order that does not depend on the list's."""
    found = {
        Admission(network, sender.source_port)
        for sender in senders
        for network in sender.networks
    }
    return tuple(
        sorted(
            found,
            key=lambda a: (
                a.network.version,
                int(a.network.network_address),
                a.network.prefixlen,
                a.source_port or 0,
            ),
        )
    )


def chain_rules(family: int, admitted: Iterable[Admission]) -> list[str]:
    """Write the rules of our chain, as iptables-save shows them.

    Loopback comes first: the alerter's own probe takes that way.
    """
    rules = [f"-A {CHAIN} -i lo -j ACCEPT"]
    for network, source_port in admitted:
        if network.version != family:
            continue
        port = f" --sport {source_port}" if source_port else ""
        # A network of all addresses is not shown by iptables-save.
        source = "" if network.prefixlen == 0 else f" -s {network}"
        rules.append(f"-A {CHAIN}{source} -p udp -m udp{port} {_LIMIT} -j ACCEPT")
    return [*rules, f"-A {CHAIN} -j DROP"]


def jump(port: int) -> str:
    """Write the one rule of INPUT."""
    return f"-A INPUT -p udp -m udp --dport {port} -j {CHAIN}"


def rules_file(family: int, admitted: tuple[Admission, ...], port: int) -> str:
    """Write what is kept for the next boot: the jump and the chain.

    Raises:
        NoSendersError: nobody is listed in either family.

    """
    if not admitted:
        raise NoSendersError(
            "no senders are listed: the rules would drop every datagram;"
            " list them in config.yaml first"
        )
    return "\n".join([jump(port), *chain_rules(family, admitted), ""])


def admits(
    family: int, admitted: Iterable[Admission], address: str, source_port: int
) -> bool:
    """Return whether a datagram from there passes, by the meaning of the rules."""
    source = ipaddress.ip_address(address)
    return source.version == family and any(
        source in network and port in {None, source_port} for network, port in admitted
    )
