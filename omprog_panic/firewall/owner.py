"""Who rules the firewall of this host. Asks the host; decides nothing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from omprog_panic.firewall.rules import Admission


class Host(Protocol):
    """What is asked of a host; doctor.host.LocalHost is one."""

    def read(self, path: str) -> str | None:
        """Return a file's text."""
        ...

    def run(self, *argv: str) -> tuple[int, str] | None:
        """Run a program that changes nothing; exit code and output."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Owner:
    """A program that rules the firewall, and how the same is said in its language."""

    name: str
    why: str
    lines: Callable[[Iterable[Admission], int], list[str]]


def _ufw_lines(admitted: Iterable[Admission], port: int) -> list[str]:
    return [
        f"ufw allow proto udp from {a.network}"
        + (f" port {a.source_port}" if a.source_port else "")
        + f" to any port {port}"
        for a in admitted
    ]


def _nft_lines(admitted: Iterable[Admission], port: int) -> list[str]:
    lines = []
    for network, source_port in admitted:
        family = "ip" if network.version == 4 else "ip6"
        sport = f" udp sport {source_port}" if source_port else ""
        lines.append(
            "nft add rule inet filter input"
            f" {family} saddr {network}{sport} udp dport {port} accept"
        )
    return [*lines, f"nft add rule inet filter input udp dport {port} drop"]


def _firewalld_lines(admitted: Iterable[Admission], port: int) -> list[str]:
    lines = [
        "firewall-cmd --permanent --add-rich-rule="
        f'\'rule family="ipv{a.network.version}" source address="{a.network}"'
        f' port port="{port}" protocol="udp" accept\''
        for a in admitted
    ]
    return [*lines, "firewall-cmd --reload"]


def find_owner(host: Host) -> Owner | None:
    """Find who rules the firewall; None: nobody, or netfilter-persistent, as we."""
    conf = host.read("/etc/ufw/ufw.conf") or ""
    if any(line.strip().lower() == "enabled=yes" for line in conf.splitlines()):
        return Owner("ufw", "/etc/ufw/ufw.conf says ENABLED=yes", _ufw_lines)
    answer = host.run("firewall-cmd", "--state")
    if answer is not None and answer[0] == 0:
        return Owner("firewalld", "firewall-cmd says that it runs", _firewalld_lines)
    answer = host.run("systemctl", "is-active", "nftables.service")
    if answer is not None and answer[0] == 0:
        return Owner("nftables", "nftables.service is active", _nft_lines)
    return None
