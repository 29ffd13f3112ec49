"""Kills the alerter with SIGKILL at random times and counts the alerts that arrive.

Its services answer 200, 429, 500 or too late, at random. Some accept a message and
answer an error, or only after the delivery timeout of the alerter.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import random
import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from omprog_panic.store import outbox_admin
from omprog_panic.store.connect import open_database
from omprog_panic.store.schema import NOTIFICATION_LOG, OUTBOX
from tests.alerter_process import AlerterProcess, publish
from tests.builders import DATABASE, make_lone_incident, write_config
from tests.fakes import Received, Receiver

HANG_S = 1.5  # longer than the delivery timeout below
TIMEOUTS = {
    "delivery_timeout_s": 1.0,
    "retry_first_s": 0.05,
    "retry_max_s": 0.3,
    "poll_s": 0.2,
}
SENT_AGAIN = re.compile(r"Sent again: [^\n]*\n+")
DEADLINE_S = 90.0  # for one run; a quiet machine needs about five


@dataclasses.dataclass(slots=True)
class Outcome:
    """The result of one run; ``faults`` is empty in a good one."""

    kills: int
    alerts: int  # incidents times services
    copies: int  # beyond the first, each with the alert id of the first
    faults: list[str]


class _Services:
    """Several services, each a path of one receiver, which answer at random."""

    def __init__(self, chance: random.Random, receiver: Receiver, count: int) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self.calm = threading.Event()
        self._victim: AlerterProcess | None = None
        self._requests_left = 0
        # path -> alert id -> accepted bodies
        self.accepted: dict[str, dict[str, list[str]]] = {
            f"/s{number}": collections.defaultdict(list) for number in range(count)
        }
        receiver.answer = self._answer

    def kill_at_request(self, victim: AlerterProcess, number: int) -> None:
        """Kill the victim during its ``number``-th request from now on."""
        with self._lock:
            self._victim, self._requests_left = victim, number

    def _answer(self, got: Received) -> int:
        with self._lock:
            self._requests_left -= 1
            if self._victim is not None and self._requests_left == 0:
                self._victim.process.kill()
            roll = 1.0 if self.calm.is_set() else self._chance.random()
        if roll < 0.15:
            return 429
        if roll < 0.3:
            return 500
        if roll < 0.36:
            self.calm.wait(HANG_S)
            return 500  # after the timeout
        digits = got.body.partition("Alert:     ")[2][:8]
        # A repeated attempt says so, and is otherwise the message of the first.
        body = SENT_AGAIN.sub("", got.body)
        with self._lock:
            self.accepted[got.path][digits].append(body)
        if roll < 0.42:
            self.calm.wait(HANG_S)  # accepted, but the answer comes too late
        return 200 if roll >= 0.46 else 500  # accepted, with the answer of an error

    def all_have(self, ids: set[str]) -> bool:
        with self._lock:
            return all(ids <= set(accepted) for accepted in self.accepted.values())


def run_once(seed: int, folder: Path) -> Outcome:
    """Run once, in an empty folder."""
    chance = random.Random(seed)
    count, hosts = chance.randint(1, 3), chance.randint(1, 4)
    incidents = [
        make_lone_incident(number << 96, source=f"10.0.0.{chance.randint(1, hosts)}")
        for number in range(1, chance.randint(5, 20))
    ]
    ids = {incident.id[:8] for incident in incidents}
    with Receiver() as receiver:
        services = _Services(chance, receiver, count)
        urls = [receiver.url(path.strip("/")) for path in services.accepted]
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
                    delay_s = chance.choice([0.01, 0.05, 0.3, 1.0]) * chance.random()
                    alerter.process.wait(delay_s)
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
    """Wait until everything has arrived and is recorded; return what has not.

    Attempts after which a message may have arrived are followed by long waits. An
    administrator who sees that the services are well again ends them.
    """
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        retry_waiting(folder)
        if services.all_have(ids) and not _left_over(
            folder, len(services.accepted), ids
        ):
            return []
        time.sleep(0.1)
    return _left_over(folder, len(services.accepted), ids) or [
        "not all arrived in time"
    ]


def retry_waiting(folder: Path) -> None:
    """Ask for what waits for later, as ``omprog-panic outbox retry`` does."""
    later = OUTBOX.c.next_attempt_at > time.time() + 1.0
    with (
        contextlib.closing(open_database(folder / DATABASE)) as database,
        database.write() as connection,
    ):
        ids = connection.execute(sa.select(OUTBOX.c.id).where(later)).scalars().all()
        if ids:
            outbox_admin.retry(connection, list(ids), time.time())


def _left_over(folder: Path, services: int, ids: set[str]) -> list[str]:
    """Return what is unfinished in the spool and in the database."""
    spool = folder / "spool"
    faults = [
        f"{len(list((spool / name).iterdir()))} files in spool/{name}"
        for name in ("new", "corrupt")
        if any((spool / name).iterdir())
    ]
    database = open_database(folder / DATABASE)
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
    return faults + [f"row {id_} has no successful attempt" for id_ in sorted(unlogged)]


def _judge(
    services: _Services, ids: set[str], kills: int, faults: list[str]
) -> Outcome:
    copies = 0
    for path, accepted in services.accepted.items():
        faults += [
            f"{path}: {id_} never arrived" for id_ in sorted(ids - set(accepted))
        ]
        faults += [
            f"{path}: {id_} belongs to no incident"
            for id_ in sorted(set(accepted) - ids)
        ]
        for id_, bodies in accepted.items():
            copies += len(bodies) - 1
            if len(set(bodies)) != 1:
                faults.append(f"{path}: the copies of {id_} differ")
    return Outcome(kills, len(ids) * len(services.accepted), copies, faults)


def run_many(first_seed: int, runs: int) -> list[tuple[int, Outcome]]:
    """Run several times, each time in a temporary folder."""
    outcomes = []
    for seed in range(first_seed, first_seed + runs):
        with tempfile.TemporaryDirectory() as name:
            outcomes.append((seed, run_once(seed, Path(name))))
    return outcomes
