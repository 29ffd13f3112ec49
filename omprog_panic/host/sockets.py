"""UDP sockets and their owners, from /proc/net (net/ipv4/udp.c, udp4_seq_show)."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import TYPE_CHECKING

from omprog_panic.host.machine import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omprog_panic.host.machine import Machine


@dataclasses.dataclass(frozen=True, slots=True)
class UdpSocket:
    """One bound UDP socket."""

    address: str
    port: int
    inode: int
    waiting_bytes: int  # in the receive queue
    uid: int  # of the process that opened it
    drops: int  # datagrams dropped by the kernel since the socket was opened


def udp_sockets(machine: Machine) -> Iterator[UdpSocket]:
    """Return the UDP sockets of this network namespace."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        for row in (machine.read(table) or "").splitlines()[1:]:
            fields = row.split()
            if len(fields) >= 13:
                yield _parse_row(fields)


def _parse_row(fields: list[str]) -> UdpSocket:
    address, _, port = fields[1].partition(":")
    return UdpSocket(
        address=_parse_address(address),
        port=int(port, 16),
        inode=int(fields[9]),
        waiting_bytes=int(fields[4].partition(":")[2], 16),
        uid=int(fields[7]),
        drops=int(fields[12]),
    )


def _parse_address(text: str) -> str:
    # 32 bit words in the byte order of the machine; only little endian is supported.
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def socket_owners(machine: Machine, sockets: Iterable[UdpSocket]) -> dict[int, int]:
    """Return the PID that has each socket open, by inode.

    A socket whose owner this user may not see is missing; root sees all.
    """
    wanted = {f"socket:[{s.inode}]": s.inode for s in sockets}
    found: dict[int, int] = {}
    for pid in (machine.names("/proc") or ()) if wanted else ():
        if not pid.isdigit():
            continue
        for target in _open_files(machine, pid):
            if target in wanted:
                found.setdefault(wanted[target], int(pid))
    return found


def _open_files(machine: Machine, pid: str) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        for descriptor in machine.names(folder) or ():
            yield machine.link(f"{folder}/{descriptor}") or ""
    except UnreadableError:
        return  # somebody else's process


def receive_buffer(machine: Machine, port: int) -> int | None:
    """Return the smallest receive buffer of the sockets on a port, in bytes.

    As ``ss -m`` prints it: twice what was asked for (man 7 socket, SO_RCVBUF). None if
    ss cannot be run or shows no socket.
    """
    result = machine.run("ss", "-H", "-u", "-a", "-n", "-m", f"sport = :{port}")
    if not result.succeeded:
        return None
    sizes = [int(size) for size in re.findall(r"\brb(\d+)", result.stdout)]
    return min(sizes, default=None)
