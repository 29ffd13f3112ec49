"""Recorded kernels: captures as datagrams, sent from a loopback address of choice."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.chain.wait import pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CAPTURES = Path(__file__).parents[1] / "captures"

# The table of captures/README.md: what the kernels of a test laboratory sent.
FIVE = (
    "sysrq-crash-basic-halts",
    "sysrq-crash-basic-reboots",
    "sysrq-crash-extended-reboots",
    "init-killed-basic-reboots",
    "oom-panic-extended-reboots",
)


class Datagram(NamedTuple):
    """One UDP payload, ``at`` seconds after the first of its capture."""

    at: float
    payload: bytes


def load_capture(name: str) -> list[Datagram]:
    """Read ``tests/captures/<name>.jsonl``; a payload's characters are its bytes."""
    lines = (CAPTURES / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Datagram(row["at"], row["payload"].encode("latin-1")) for row in rows]


def compressed(datagrams: Iterable[Datagram], max_gap_s: float) -> list[Datagram]:
    """Keep the rhythm of the bursts, shorten the pauses between them."""
    result: list[Datagram] = []
    heard = now = 0.0
    for datagram in datagrams:
        now += min(max(0.0, datagram.at - heard), max_gap_s)
        heard = datagram.at
        result.append(datagram._replace(at=now))
    return result


class Sender:
    """A host: a UDP socket bound to one loopback address, 127.0.0.2 and so on."""

    def __init__(self, address: str, port: int, source_port: int = 0) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, source_port))
        self._socket.connect(("127.0.0.1", port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, *payloads: bytes) -> None:
        """Send each payload as one datagram; nobody listening is no error."""
        for payload in payloads:
            try:
                self._socket.send(payload)
            except ConnectionRefusedError:
                # The answer to an earlier datagram; this one was not sent.
                self._socket.send(payload)

    def replay(
        self,
        datagrams: Iterable[Datagram],
        on_sent: Callable[[Datagram], None] = lambda _: None,
    ) -> float:
        """Send at the recorded moments; give the monotonic time of the last one."""
        started = sent_at = time.monotonic()
        for datagram in datagrams:
            wait = started + datagram.at - time.monotonic()
            if wait > 0.0005:
                pause(wait)
            self.send(datagram.payload)
            sent_at = time.monotonic()
            on_sent(datagram)
        return sent_at
