"""(c) Delay from the last datagram to the spool file, and to the alert.

Real datagrams to a real rsyslogd; hosts panic one after the other, and the next when
the one before has arrived. Beside it an omprog script that posts the terminator line
at once and does nothing else.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING

from bench.chain import COLLECTOR, folder, rsyslogd
from bench.figures import delays
from bench.load import panic_texts
from bench.protocol import HERE
from tests.chain.alerting import AlertingMonitor
from tests.chain.replay import Sender
from tests.fakes import Received, Receiver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.figures import Figures

PANICS = 200
RECORDS = 100


def panic_of(number: int) -> list[bytes]:
    """Make the datagrams of one host's panic."""
    # A cause of its own: numbers do not tell causes apart, and one cause that runs
    # over many hosts is told once.
    word = "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")
    texts = panic_texts(f"crash of host {word}", RECORDS)
    return [
        f"[{100 + number:5}.{n:06}] {text}\n".encode() for n, text in enumerate(texts)
    ]


def panics(port: int, arrived: Callable[[int], float]) -> list[float]:
    """Let hosts panic in turn; ``arrived`` gives when it was there."""
    took = []
    for number in range(PANICS + 5):
        payloads = panic_of(number)
        with Sender(f"127.0.2.{number + 1}", port) as host:
            host.send(*payloads)
        sent_at = time.monotonic()
        took.append(arrived(number) - sent_at)
    return took[5:]  # the first ones start the program


def spool_delays(place: Path) -> list[float]:
    """Read the spool's FIFO as the alerter does, and look for the file."""
    with rsyslogd(place, COLLECTOR) as daemon:
        fifo = daemon.spool / "wakeup"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        known: set[str] = set()

        def arrived(_: int) -> float:
            while True:
                ready, _, _ = select.select([reader], [], [], 20)
                now = time.monotonic()
                if not ready:
                    raise TimeoutError("no spool file within 20 s")
                os.read(reader, 4096)
                new = set(os.listdir(daemon.spool / "new")) - known  # noqa: PTH208
                known.update(new)
                for name in new:
                    content = (daemon.spool / "new" / name).read_bytes()
                    if b'"kind":"incident"' in content[:60]:
                        return now

        try:
            return panics(daemon.port, arrived)
        finally:
            os.close(reader)


class Arrivals:
    """Counts the requests of a receiver, with the time of each."""

    def __init__(self, receiver: Receiver) -> None:
        self._moments: list[float] = []
        self._changed = threading.Condition()
        receiver.answer = self._note

    def _note(self, _: Received) -> int:
        with self._changed:
            self._moments.append(time.monotonic())
            self._changed.notify_all()
        return 200

    def __call__(self, number: int) -> float:
        with self._changed:
            done = self._changed.wait_for(lambda: len(self._moments) > number, 20)
            if not done:
                raise TimeoutError(f"no alert {number} within 20 s")
            return self._moments[number]


def alert_delays(place: Path) -> list[float]:
    """Run the whole chain, delivering to a receiver on loopback."""
    with Receiver() as receiver:
        arrivals = Arrivals(receiver)
        chain = AlertingMonitor(place, [receiver.url()])
        settings = json.loads(chain.config.read_text())
        settings["grouping"] = {"messages_per_hour": 10_000}  # none is to be held
        chain.config.write_text(json.dumps(settings))
        chain.start()
        try:
            return panics(chain.monitor.rsyslogd.port, arrivals)
        finally:
            chain.stop()


def post_at_once_delays(place: Path) -> list[float]:
    """Measure what it is compared with."""
    with Receiver() as receiver:
        arrivals = Arrivals(receiver)
        script = [sys.executable, str(HERE / "post_at_once.py"), str(receiver.port)]
        with rsyslogd(place, script) as daemon:
            return panics(daemon.port, arrivals)


def measure() -> Figures:
    """Measure on a tmpfs, then on disk."""
    figures: Figures = {}
    for suffix, on_disk in (("", False), ("_disk", True)):
        with folder(on_disk=on_disk) as place:
            figures |= delays(f"spool_delay{suffix}", spool_delays(place / "spool"))
            figures |= delays(f"alert_delay{suffix}", alert_delays(place / "alert"))
            if not on_disk:
                post = post_at_once_delays(place / "post")
                figures |= delays("post_at_once", post)
    return figures
