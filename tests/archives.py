"""A made archive: what a monitor has stored after some weeks, for tests of commands."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

from omprog_panic.config.load import load_public
from omprog_panic.kernel.analysis import Facts
from omprog_panic.model import Severity
from omprog_panic.policy.state.memory import Memory
from omprog_panic.policy.state.sender import LastHeard, SenderState
from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import IncidentRecord
from omprog_panic.store import policy_store
from omprog_panic.store.connect import Database, open_database
from omprog_panic.store.incidents import StoredIncident, insert_incidents
from tests.builders import make_incident, make_report, write_config

KERNEL, OLDER = "6.12.107+deb13-amd64", "6.1.0-56-cloud-amd64"
SENDERS = [
    {"name": "db-07", "address": "10.0.0.2"},
    {"name": "web-1", "address": "10.0.0.3"},
    {"name": "farm", "address": "10.9.0.0/16"},
]


@dataclasses.dataclass(frozen=True)
class Crash:
    """One row of the archive."""

    id: str  # its first digits
    source: str
    at: str  # RFC 3339
    title: str = "kernel panic: Fatal exception"
    severity: Severity = Severity.PANIC
    kernel: str = KERNEL
    fingerprint: str = "f" * 16
    host: str | None = None

    def stored(self) -> tuple[StoredIncident, bytes]:
        made = make_incident(
            id=self.id.ljust(32, "0"), source=self.source, host=self.host
        )
        records = tuple(item._replace(at=self.at) for item in made.records)
        record: IncidentRecord = dataclasses.replace(
            made, records=records, kernel=self.kernel, written_at=self.at
        )
        report = make_report(
            title=self.title,
            severity=self.severity,
            panicked=self.severity is Severity.PANIC,
            fingerprint=self.fingerprint,
            facts=Facts(kernel=self.kernel),
        )
        received = dt.datetime.fromisoformat(self.at).timestamp()
        incident = StoredIncident(record, report, "NOTIFY_FIRST", received)
        return incident, encode(record)


CRASHES = (
    Crash("3f2a0001", "10.0.0.2", "2026-11-27T22:15:42+00:00"),
    Crash(
        "5b0c0002",
        "10.0.0.3",
        "2026-11-27T04:00:00+02:00",  # a monitor with local time
        "BUG: kernel NULL pointer dereference in ext4_writepages",
        Severity.OOPS,
        OLDER,
        "a" * 16,
    ),
    Crash(
        "77aa0003",
        "10.9.1.1",
        "2026-11-20T10:00:00+00:00",
        "WARNING in netdev_watchdog",
        Severity.WARNING,
        fingerprint="b" * 16,
        host="сервер-中文-with-a-long-name",
    ),
    Crash("77aa0004", "10.0.0.2", "2026-11-02T10:00:00+00:00", kernel=OLDER),
)


def make_archive(folder: Path, *crashes: Crash, senders: int = 0) -> Path:
    """Make a monitor's files; return its config.yaml.

    ``senders`` is the number of further machines in 10.9.0.0/16 that were heard.
    """
    file = write_config(folder, ["ops=json://127.0.0.1:9/x"])
    file.write_text(json.dumps({**json.loads(file.read_text()), "senders": SENDERS}))
    (folder / "spool/new").mkdir(parents=True)
    database = open_database(load_public(file).paths.database)
    database.create()
    with database.write() as connection:
        insert_incidents(connection, [crash.stored() for crash in crashes or CRASHES])
    if senders:
        _hear(database, senders)
    database.close()
    return file


def _hear(database: Database, count: int) -> None:
    memory = Memory()
    for number in range(count):
        source = f"10.9.{number >> 8}.{number & 255}"
        state = SenderState(
            source,
            host=f"node-{number:05}",
            kernel=KERNEL,
            heard=LastHeard(1.0, 1.79e9 + number, 1.0),
            heartbeat=True,
        )
        memory.senders.put(source, state)
    rows = [policy_store.StateRow(*row) for row in memory.take_changes()]
    with database.write() as connection:
        policy_store.store_state(connection, rows)
