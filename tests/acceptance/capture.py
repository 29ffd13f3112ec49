"""What arrives on the monitor's own interface, before its firewall and rsyslogd."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Self

from tests.guests.frames import Datagram, parse_datagram, parse_frame

ALL_FRAMES = 3  # ETH_P_ALL
OUTGOING = 4  # PACKET_OUTGOING
SO_RCVBUFFORCE = 33  # asm-generic/socket.h; not in Python
BUFFER_BYTES = 64 * 1024 * 1024
PORT = 6666


def raw_socket(interface: str) -> socket.socket:
    """Open a socket for whole frames of an interface of this thread's namespace."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_FRAMES))
    made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    made.bind((interface, ALL_FRAMES))
    return made


class Capture:
    """Runs from ``with`` to its end; ``datagrams`` only grows."""

    def __init__(self, interface: str) -> None:
        self.datagrams: list[Datagram] = []
        self._socket = raw_socket(interface)
        self._socket.settimeout(0.2)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def heard(self, source: str, after: int = 0) -> list[Datagram]:
        """What has come from an address, in order."""
        return [d for d in self.datagrams[after:] if d.source == source]

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                data, address = self._socket.recvfrom(65536)
                if address[2] != OUTGOING:
                    self._take(data, time.monotonic())

    def _take(self, data: bytes, at: float) -> None:
        frame = parse_frame(data)
        datagram = parse_datagram(frame, at) if frame else None
        if datagram is not None and datagram.port == PORT:
            self.datagrams.append(datagram)
