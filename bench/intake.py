"""The storm after a bad roll-out: 10,000 incidents of 3 causes in the spool at once.

Measured is the alerter's own intake: analysis, policy, and the database with every
commit synced. Alerts are counted, not sent.
"""

from __future__ import annotations

import gc
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bench.load import panic_texts
from omprog_panic.alerter.event import ignore
from omprog_panic.alerter.intake import Intake
from omprog_panic.alerter.main import relax_gc
from omprog_panic.alerter.policy_runner import PolicyRunner
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.model import Service
from omprog_panic.config.policy import parse_policy
from omprog_panic.kernel.analysis import analyze_trace
from omprog_panic.model import EndReason, Record
from omprog_panic.secret import Secret
from omprog_panic.spool.codec import encode
from omprog_panic.spool.reader import SpoolReader
from omprog_panic.spool.record import IncidentRecord
from omprog_panic.store.connect import Database, open_database
from omprog_panic.store.schema import INCIDENTS, NOTIFICATIONS

if TYPE_CHECKING:
    from bench.figures import Figures

INCIDENTS_SENT = 10_000
HOSTS = 1000
LINES = 40  # records a trace, which is what a panic without modules prints
CAUSES = ("sysrq triggered crash", "Fatal exception in interrupt", "hung_task: blocked")


class _LaterClock(SystemClock):
    """A clock that can be put ahead, so that follow-ups are due."""

    ahead_s = 0.0

    def wall(self) -> float:
        return super().wall() + self.ahead_s

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


def measure() -> Figures:
    """Run the intake over a storm; return rates and counts."""
    with tempfile.TemporaryDirectory(prefix="omprog-panic-") as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> Figures:
    clock = _LaterClock()
    reader = SpoolReader(folder / "spool")
    reader.prepare()
    for number in range(INCIDENTS_SENT):
        name = f"{number:032x}"
        content = encode(storm_incident(number, rfc3339(clock.wall())))
        (folder / "spool" / "new" / f"{name}.json").write_bytes(content)
    database = open_database(folder / "database")
    database.create()
    services = [_service(name) for name in ("ops", "night", "archive")]
    runner = PolicyRunner(clock, parse_policy({}), services)
    intake = Intake(
        spool=reader,
        database=database,
        analyze=analyze_trace,
        clock=clock,
        runner=runner,
        emit=ignore,
    )
    gc.collect()
    relax_gc()  # as the service does
    since = time.perf_counter()
    intake.run_once()
    first_s = time.perf_counter() - since
    first = _count(database, NOTIFICATIONS)
    while intake.run_once():
        pass
    took_s = time.perf_counter() - since
    at_once = _count(database, NOTIFICATIONS)
    clock.ahead_s = 301.0
    runner.tick(database)
    figures: Figures = {
        "intake_records_per_s": round(INCIDENTS_SENT / took_s),
        "intake_first_alert_s": round(first_s, 3),
        "intake_first_alerts": at_once,
        "intake_follow_ups": _count(database, NOTIFICATIONS) - at_once,
        "intake_stored": _count(database, INCIDENTS),
    }
    assert first, "no alert of the first batch"
    database.close()
    return figures


def storm_incident(number: int, at: str) -> IncidentRecord:
    """Return one panic of the storm, complete, as the collector writes it."""
    host = number % HOSTS
    texts = panic_texts(CAUSES[number % len(CAUSES)], LINES)
    return IncidentRecord(
        id=f"{number:032x}",
        source=f"10.1.{host >> 8}.{host & 255}",
        boot=f"b{number}",
        end=EndReason.TERMINATOR,
        context=0,
        records=tuple(
            Record(text, 5_000_000 + n, n, 4, 0, at=at) for n, text in enumerate(texts)
        ),
        kernel="6.1.0-56-cloud-amd64",
        form="extended",
        written_at=at,
    )


def _service(name: str) -> Service:
    return Service(
        key=name,
        scheme="json",
        tags=frozenset({name}),
        shown="json://127.0.0.1/",
        form="text",
        document=Secret("json://127.0.0.1/"),
    )


def _count(database: Database, table: sa.Table) -> int:
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int(connection.execute(query).scalar_one())
