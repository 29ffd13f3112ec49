"""Which program manages the firewall of this machine. Changes nothing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.host.services import is_active

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from omprog_panic.firewall.nft_rules import ChainName
    from omprog_panic.firewall.rules import Admission
    from omprog_panic.host.machine import Machine


@dataclasses.dataclass(frozen=True, slots=True)
class FirewallOwner:
    """A program that manages the firewall.

    ``why`` says how it was recognised; ``lines`` returns its own commands that admit
    these senders to a port; ``lasts`` says what makes them survive a reboot.
    """

    name: str
    why: str
    lines: Callable[[Iterable[Admission], int], list[str]]
    lasts: str


NFTABLES = "nftables"
NFT_LASTS = "add them to /etc/nftables.conf as well, or a reboot loses them"

LEGACY_LASTS = "add them to what loads the rules of iptables-legacy at boot as well"


def _ufw_lines(admitted: Iterable[Admission], port: int) -> list[str]:
    return [
        f"ufw allow proto udp from {a.network}"
        + (f" port {a.source_port}" if a.source_port else "")
        + f" to any port {port}"
        for a in admitted
    ]


def _nft_rules(admitted: Iterable[Admission], port: int) -> list[str]:
    rules = []
    for network, source_port in admitted:
        family = "ip" if network.version == 4 else "ip6"
        sport = f" udp sport {source_port}" if source_port else ""
        rules.append(f"{family} saddr {network}{sport} udp dport {port} accept")
    return rules


def _firewalld_lines(admitted: Iterable[Admission], port: int) -> list[str]:
    lines = [
        "firewall-cmd --permanent --add-rich-rule="
        f'\'rule family="ipv{a.network.version}" source address="{a.network}"'
        f' port port="{port}" protocol="udp" accept\''
        for a in admitted
    ]
    return [*lines, "firewall-cmd --reload"]


def nft_owner(chains: Iterable[ChainName], why: str) -> FirewallOwner:
    """Return the owner of rules made with nft in these chains of the input hook.

    A rule at the beginning of each chain comes before whatever drops the rest.
    """
    names = [str(name) for name in chains]

    def lines(admitted: Iterable[Admission], port: int) -> list[str]:
        listed = list(admitted)
        return [
            f"nft insert rule {name} {rule}"
            for name in names
            for rule in _nft_rules(listed, port)
            if _fits(name, rule)
        ]

    return FirewallOwner(NFTABLES, why, lines, NFT_LASTS)


def legacy_owner(families: Iterable[int]) -> FirewallOwner:
    """Return the owner of rules of iptables-legacy beside those of iptables-nft."""
    listed = tuple(families)

    def lines(admitted: Iterable[Admission], port: int) -> list[str]:
        return [
            f"{'iptables' if a.network.version == 4 else 'ip6tables'}-legacy"
            f" -I INPUT 1 -s {a.network} -p udp"
            + (f" --sport {a.source_port}" if a.source_port else "")
            + f" --dport {port} -j ACCEPT"
            for a in admitted
            if a.network.version in listed
        ]

    why = "it has rules beside those of iptables-nft"
    return FirewallOwner("iptables-legacy", why, lines, LEGACY_LASTS)


def _fits(name: str, rule: str) -> bool:
    """Return whether a rule of this family may be in this chain."""
    family = name.split(maxsplit=1)[0]
    return family == "inet" or rule.startswith(f"{family} saddr ")


def find_owner(machine: Machine) -> FirewallOwner | None:
    """Return what manages the firewall; None for nothing, or netfilter-persistent."""
    conf = machine.read("/etc/ufw/ufw.conf") or ""
    if any(line.strip().lower() == "enabled=yes" for line in conf.splitlines()):
        why = "/etc/ufw/ufw.conf has ENABLED=yes"
        return FirewallOwner("ufw", why, _ufw_lines, "ufw saves them by itself")
    if machine.run("firewall-cmd", "--state").succeeded:
        lasts = "--permanent saves them"
        return FirewallOwner("firewalld", "it is running", _firewalld_lines, lasts)
    if is_active(machine, "nftables.service"):
        why = "nftables.service is active"
        return nft_owner((), why)
    return None
