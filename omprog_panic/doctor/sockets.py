"""UDP sockets and who holds them, from /proc/net (net/ipv4/udp.c udp4_seq_show)."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omprog_panic.host.machine import Host


@dataclasses.dataclass(frozen=True, slots=True)
class Socket:
    """One bound UDP socket."""

    address: str
    port: int
    inode: int
    waiting_bytes: int  # in the receive queue
    drops: int  # datagrams that the kernel threw away since the socket was opened


def udp_sockets(host: Host) -> Iterator[Socket]:
    """Return the UDP sockets of this network namespace."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        for row in (host.read(table) or "").splitlines()[1:]:
            fields = row.split()
            if len(fields) >= 13:
                yield _socket(fields)


def _socket(fields: list[str]) -> Socket:
    address, _, port = fields[1].partition(":")
    return Socket(
        address=_address(address),
        port=int(port, 16),
        inode=int(fields[9]),
        waiting_bytes=int(fields[4].partition(":")[2], 16),
        drops=int(fields[12]),
    )


def _address(text: str) -> str:
    # 32 bit words, each in the byte order of the machine: of little endian ones here.
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def holders(host: Host, sockets: Iterable[Socket]) -> dict[int, int]:
    """Return which process holds each socket: inode to PID; only root sees all."""
    wanted = {f"socket:[{s.inode}]": s.inode for s in sockets}
    found: dict[int, int] = {}
    for pid in host.names("/proc") if wanted else ():
        if not pid.isdigit():
            continue
        for descriptor in host.names(f"/proc/{pid}/fd"):
            target = host.link(f"/proc/{pid}/fd/{descriptor}")
            if target in wanted:
                found.setdefault(wanted[target], int(pid))
    return found


def receive_buffer(host: Host, port: int) -> int | None:
    """Return the smallest receive buffer of the sockets on a port, in bytes.

    As ``ss -m`` shows it: twice of what was asked for (man 7 socket, SO_RCVBUF).
    """
    answer = host.run("ss", "-H", "-u", "-a", "-n", "-m", f"sport = :{port}")
    if answer is None or answer.code != 0:
        return None
    sizes = [int(size) for size in re.findall(r"\brb(\d+)", answer.text)]
    return min(sizes, default=None)
