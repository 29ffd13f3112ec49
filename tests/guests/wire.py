"""A network of one guest in user space: no root, no tap, no firewall in the way.

``qemu -netdev stream`` gives each Ethernet frame, behind its length, on a Unix socket,
and waits where we are slow: nothing is lost, as it is with datagrams. The other end
answers ARP and neighbour solicitations for the neighbours it is told of, and takes UDP
datagrams the way a card does: a frame to another MAC address than the neighbour's
present one is lost.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.guests.frames import (
    Datagram,
    answer,
    asked_address,
    gratuitous_arp,
    parse_datagram,
    parse_frame,
)

NETCONSOLE_PORT = 6666


class Wire:
    """Runs from ``open`` to ``close``; the guest's end is ``arguments``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "wire"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        self._listener.listen(1)
        self._socket: socket.socket | None = None
        self._neighbours: dict[str, tuple[str, int | None]] = {}
        self._hops: dict[str, str] = {}
        self.datagrams: list[Datagram] = []
        self.lost: list[Datagram] = []
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def arguments(self, mac: str = "52:54:00:12:34:56") -> list[str]:
        """The guest's card, for qemu."""
        end = f"server=off,addr.type=unix,addr.path={self._path}"
        return [
            *("-netdev", f"stream,id=wire,{end}"),
            *("-device", f"virtio-net-pci,netdev=wire,mac={mac}"),
        ]

    def set_neighbour(
        self, address: str, mac: str, *, vlan: int | None = None, tell: bool = False
    ) -> None:
        """Change a neighbour's MAC address, and announce it if asked."""
        self._neighbours[address] = (mac, vlan)
        if tell:
            self._send(gratuitous_arp(address, mac, vlan))

    def route(self, monitor: str, gateway: str) -> None:
        """Route datagrams to ``monitor`` through a neighbour."""
        self._hops[monitor] = gateway

    def texts(self) -> list[str]:
        """Return what has arrived, in order."""
        with self._news:
            return [datagram.text for datagram in self.datagrams]

    def wait(
        self,
        wanted: Callable[[Datagram], bool],
        *,
        timeout_s: float = 60.0,
        after: int = 0,
    ) -> Datagram:
        """Wait for a datagram from position ``after`` on."""
        end = time.monotonic() + timeout_s
        with self._news:
            while True:
                for datagram in self.datagrams[after:]:
                    if wanted(datagram):
                        return datagram
                left = end - time.monotonic()
                if left <= 0:
                    lines = "\n".join(d.text.rstrip() for d in self.datagrams[after:])
                    raise AssertionError(f"not heard in {timeout_s} s:\n{lines}")
                self._news.wait(left)

    def wait_text(
        self, part: str, *, timeout_s: float = 60.0, after: int = 0
    ) -> Datagram:
        """Wait for a datagram with these words."""
        return self.wait(lambda d: part in d.text, timeout_s=timeout_s, after=after)

    def close(self) -> None:
        for end in (self._listener, self._socket):
            if end is not None:
                with contextlib.suppress(OSError):  # the guest has gone already
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._thread.join(10)

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # closed
            self._socket, _ = self._listener.accept()
            with self._socket.makefile("rb") as stream:
                while head := stream.read(4):
                    self._hear(stream.read(int.from_bytes(head, "big")))

    def _hear(self, data: bytes) -> None:
        frame = parse_frame(data)
        if frame is not None:
            asked = asked_address(frame)
            known = self._neighbours.get(asked or "")
            if asked and known and known[1] == frame.vlan:
                self._send(answer(frame, asked, known[0]))
            datagram = parse_datagram(frame, time.monotonic())
            if datagram is not None and datagram.port == NETCONSOLE_PORT:
                self._take(datagram)

    def _take(self, datagram: Datagram) -> None:
        hop = self._hops.get(datagram.destination, datagram.destination)
        mac, vlan = self._neighbours.get(hop, ("", None))
        with self._news:
            right = datagram.to_mac == mac and datagram.vlan == vlan
            (self.datagrams if right else self.lost).append(datagram)
            self._news.notify_all()

    def _send(self, frame: bytes) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the guest is no more
                self._socket.sendall(len(frame).to_bytes(4, "big") + frame)


@contextlib.contextmanager
def open_wire(folder: Path) -> Iterator[Wire]:
    wire = Wire(folder)
    try:
        yield wire
    finally:
        wire.close()
