"""The monitor host: rsyslogd with the checkout's own collector as its program."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from omprog_panic.rsyslog.dropin import Values
from omprog_panic.spool.codec import decode
from omprog_panic.spool.record import CountersRecord, IncidentRecord, SpoolRecord
from tests.chain.replay import Sender
from tests.chain.rsyslogd import PLAIN, Host, Rsyslogd, free_udp_port, write_program
from tests.chain.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SENTINEL = "127.0.0.254"


class Monitor:
    """rsyslogd and collector in a folder; nobody reads the spool but the test."""

    def __init__(
        self,
        folder: Path,
        options: Sequence[str] = (),
        senders: tuple[str, ...] = (),
        host: Host = PLAIN,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # The options of the shipped file come first; where one is given twice, the
        # collector takes the last, so these are appended by the program itself.
        argv = [sys.executable, "-m", "omprog_panic.collector.start"]
        program = write_program(folder / "collector", argv, options)
        values = Values(port=free_udp_port(), senders=senders)
        self.rsyslogd = Rsyslogd(folder / "host", program, values, host)
        self.spool = self.rsyslogd.spool

    def start(self) -> None:
        self.rsyslogd.start()

    def stop(self) -> None:
        self.rsyslogd.stop()

    def sender(self, address: str) -> Sender:
        return Sender(address, self.rsyslogd.port)

    def records(self) -> list[SpoolRecord]:
        """What the collector has published and nobody has taken, oldest first."""
        files = (self.spool / "new").glob("*.json")
        dated = sorted((file.stat().st_mtime_ns, file) for file in files)
        return [decode(file.read_bytes()) for _, file in dated]

    def incidents(self) -> list[IncidentRecord]:
        return [r for r in self.records() if isinstance(r, IncidentRecord)]

    def counters(self) -> dict[str, int]:
        """What the collector counted, as last published."""
        counted = [r for r in self.records() if isinstance(r, CountersRecord)]
        return counted[-1].counters if counted else {}

    def wait_for_incidents(self, count: int, timeout_s: float = 20.0) -> None:
        """Wait until so many incidents are there; more are the test's business."""
        what = f"{count} incidents"
        wait_until(lambda: len(self.incidents()) >= count, what, timeout_s)

    def settle(self) -> list[IncidentRecord]:
        """Return all incidents, when nothing that came before this can add another.

        A host of its own begins a trace now and is silent; once that has ended by
        silence, every shorter or earlier wait for the other hosts is over, too.
        """
        with self.sender(SENTINEL) as host:
            host.send(b"[    1.000000] Kernel panic - not syncing: sentinel\n")
        wait_until(
            lambda: any(i.source == SENTINEL for i in self.incidents()),
            "the sentinel's incident",
        )
        return [i for i in self.incidents() if i.source != SENTINEL]

    def received(self) -> int:
        """How many lines the collector has written to its journal."""
        # Each line is a JSON object with this key, as the shipped template makes it.
        files = list(self.rsyslogd.journal.iterdir())
        return sum(file.read_bytes().count(b'"raw":') for file in files)
