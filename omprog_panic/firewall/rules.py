"""The iptables rules for a list of senders. Pure.

They are in a chain of their own; one rule of INPUT jumps there with the datagrams for
our port. ``iptables-restore --noflush`` replaces that chain as a whole and touches
nothing else (iptables-restore(8)); rules and jump change in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.address import parse_address
from omprog_panic.errors import OmprogPanicError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.address import Network
    from omprog_panic.config.senders import ListedSender

CHAIN = "OMPROG-PANIC"
FAMILIES = (4, 6)
RATE = 10_000
"""Datagrams a second from one sender, and the burst; the rest is dropped.

The largest dump of a real panic, with `panic_print`, sends 1,184 records in 0.2 s
(5,920 a second, measured), and none of them may be dropped. A flood is a hundred times
that.
"""
_LIMIT = (
    f"-m hashlimit --hashlimit-upto {RATE}/sec --hashlimit-burst {RATE}"
    " --hashlimit-mode srcip --hashlimit-name omprog-panic"
)


class NoSendersError(OmprogPanicError):
    """No senders are listed: the rules would drop everything."""


class Admission(NamedTuple):
    """One network that may send; ``source_port`` None means any."""

    network: Network
    source_port: int | None


def admissions(senders: Iterable[ListedSender]) -> tuple[Admission, ...]:
    """Return each admitted network once, sorted, whatever the order of the list."""
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
    """Return the rules of our chain, as iptables-save prints them.

    Loopback comes first, because the alerter's own probe arrives there.
    """
    rules = [f"-A {CHAIN} -i lo -j ACCEPT"]
    for network, source_port in admitted:
        if network.version != family:
            continue
        port = f" --sport {source_port}" if source_port else ""
        # iptables-save does not print a network of all addresses.
        source = "" if network.prefixlen == 0 else f" -s {network}"
        rules.append(f"-A {CHAIN}{source} -p udp -m udp{port} {_LIMIT} -j ACCEPT")
    return [*rules, f"-A {CHAIN} -j DROP"]


def jump(port: int) -> str:
    """Return the one rule of INPUT."""
    return f"-A INPUT -p udp -m udp --dport {port} -j {CHAIN}"


def rules_file(family: int, admitted: tuple[Admission, ...], port: int) -> str:
    """Return the file for the next boot: the jump and the rules of the chain.

    Raises:
        NoSendersError: no senders are listed in either family.

    """
    if not admitted:
        raise NoSendersError(
            "no senders are listed, so the rules would drop every datagram:"
            " list them in config.yaml first"
        )
    return "\n".join([jump(port), *chain_rules(family, admitted), ""])


def admits(
    family: int, admitted: Iterable[Admission], address: str, source_port: int
) -> bool:
    """Return whether the rules accept a datagram from this address and port."""
    source = parse_address(address)
    return source.version == family and any(
        source in network and port in {None, source_port} for network, port in admitted
    )
