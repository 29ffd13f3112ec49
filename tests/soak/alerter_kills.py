"""Kills the alerter with -9 at random moments and counts what arrives.

Its services answer 200, 429, 500 and not in time at random, now and then after they
have taken the message; some take it only after the alerter has given up waiting.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import random
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from omprog_panic.store.connect import open_database
from omprog_panic.store.schema import NOTIFICATION_LOG, OUTBOX
from tests.alerter_process import AlerterProcess, publish
from tests.builders import make_lone_incident, write_config
from tests.fakes import Received, Receiver

HANG_S = 1.5  # longer than the delivery timeout below
TIMEOUTS = {
    "delivery_timeout_s": 1.0,
    "retry_first_s": 0.05,
    "retry_max_s": 0.3,
    "poll_s": 0.2,
}
DEADLINE_S = 90.0  # for one run; a quiet machine needs about five


@dataclasses.dataclass(slots=True)
class Outcome:
    """What one run showed; ``faults`` is empty in a good one."""

    kills: int
    alerts: int  # incidents times services
    copies: int  # beyond the first, each with the alert id of the first
    faults: list[str]


class _Services:
    """Several paths of one receiver, each in its own mood."""

    def __init__(self, chance: random.Random, receiver: Receiver, count: int) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self.calm = threading.Event()
        self._victim: AlerterProcess | None = None
        self._requests_left = 0
        # path -> id of the alert -> the bodies that were accepted
        self.taken: dict[str, dict[str, list[str]]] = {
            f"/s{number}": collections.defaultdict(list) for number in range(count)
        }
        receiver.answer = self._answer

    def kill_at_request(self, victim: AlerterProcess, number: int) -> None:
        """Kill it while that request, counted from now, waits for its answer."""
        with self._lock:
            self._victim, self._requests_left = victim, number

    def _answer(self, got: Received) -> int:
        with self._lock:
            self._requests_left -= 1
            if self._victim is not None and self._requests_left == 0:
                self._victim.process.kill()
            mood = 1.0 if self.calm.is_set() else self._chance.random()
        if mood < 0.15:
            return 429
        if mood < 0.3:
            return 500
        if mood < 0.36:
            self.calm.wait(HANG_S)
            return 500  # nobody hears it any more
        digits = got.body.partition("Alert:     ")[2][:12]
        with self._lock:
            self.taken[got.path][digits].append(got.body)
        if mood < 0.42:
            self.calm.wait(HANG_S)  # taken, but the answer comes too late
        return 200 if mood >= 0.46 else 500  # taken, and said not to be

    def all_have(self, ids: set[str]) -> bool:
        with self._lock:
            return all(ids <= set(taken) for taken in self.taken.values())


def run_once(seed: int, folder: Path) -> Outcome:
    """Do one run in an empty folder."""
    chance = random.Random(seed)
    count, hosts = chance.randint(1, 3), chance.randint(1, 4)
    incidents = [
        make_lone_incident(number << 80, source=f"10.0.0.{chance.randint(1, hosts)}")
        for number in range(1, chance.randint(5, 20))
    ]
    ids = {incident.id[:12] for incident in incidents}
    with Receiver() as receiver:
        services = _Services(chance, receiver, count)
        urls = [receiver.url(path.strip("/")) for path in services.taken]
        config = write_config(folder, urls, **TIMEOUTS)
        left = list(incidents)
        kills = 0
        for _ in range(chance.randint(1, 4)):
            portion = [left.pop(0) for _ in range(chance.randint(0, len(left)))]
            with AlerterProcess(config) as alerter:
                if chance.random() < 0.8:
                    alerter.wait_for_line("started")
                if chance.random() < 0.5:
                    services.kill_at_request(alerter, chance.randint(1, 12))
                publish(folder / "spool", *portion)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    moment = chance.choice([0.01, 0.05, 0.3, 1.0]) * chance.random()
                    alerter.process.wait(moment)
                alerter.kill()
                kills += 1
        publish(folder / "spool", *left)
        with AlerterProcess(config) as alerter:
            alerter.wait_for_line("started")
            time.sleep(chance.random())
            services.calm.set()
            faults = _settle(services, ids, folder)
            if alerter.terminate() != 0:
                faults.append("the last run did not end cleanly")
        return _judge(services, ids, kills, faults)


def _settle(services: _Services, ids: set[str], folder: Path) -> list[str]:
    """Wait until everything has arrived and is known to have; else say what has not."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if services.all_have(ids) and not _left_over(folder, len(services.taken), ids):
            return []
        time.sleep(0.05)
    return _left_over(folder, len(services.taken), ids) or ["not all arrived in time"]


def _left_over(folder: Path, services: int, ids: set[str]) -> list[str]:
    """Return what is not finished, in the spool and in the database."""
    spool = folder / "spool"
    faults = [
        f"{len(list((spool / name).iterdir()))} files in spool/{name}"
        for name in ("new", "corrupt")
        if any((spool / name).iterdir())
    ]
    database = open_database(folder / "db/alerter.sqlite")
    try:
        with database.read() as connection:
            rows = connection.execute(sa.select(OUTBOX)).all()
            good = sa.select(NOTIFICATION_LOG.c.outbox_id)
            good = good.where(NOTIFICATION_LOG.c.delivered)
            delivered = set(connection.execute(good).scalars())
    finally:
        database.close()
    if len(rows) != services * len(ids):
        faults.append(f"{len(rows)} rows for {len(ids)} incidents")
    faults += [f"row {row.id} is {row.state}" for row in rows if row.state != "sent"]
    unlogged = {row.id for row in rows if row.state == "sent"} - delivered
    return faults + [f"row {id_} was sent by nobody" for id_ in sorted(unlogged)]


def _judge(
    services: _Services, ids: set[str], kills: int, faults: list[str]
) -> Outcome:
    copies = 0
    for path, taken in services.taken.items():
        faults += [f"{path}: {id_} never arrived" for id_ in sorted(ids - set(taken))]
        faults += [f"{path}: {id_} is nobody's" for id_ in sorted(set(taken) - ids)]
        for id_, bodies in taken.items():
            copies += len(bodies) - 1
            if len(set(bodies)) != 1:
                faults.append(f"{path}: the copies of {id_} differ")
    return Outcome(kills, len(ids) * len(services.taken), copies, faults)


def run_many(first_seed: int, runs: int) -> list[tuple[int, Outcome]]:
    """Do so many runs; each has a folder that goes away with it."""
    outcomes = []
    for seed in range(first_seed, first_seed + runs):
        with tempfile.TemporaryDirectory() as name:
            outcomes.append((seed, run_once(seed, Path(name))))
    return outcomes
