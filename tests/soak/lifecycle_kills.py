"""Kills the alerter at any point of a cause's life, before incident tools.

The tools refuse, fail, hang, or take a message and answer an error, at random. In the
end each of them must be where we are: no problem twice, none under another key, and
its last state is ours.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from omprog_panic.policy.event import CauseAction
from omprog_panic.store.cause_commands import StoredCommand, add_command
from omprog_panic.store.connect import Database, open_database
from omprog_panic.store.schema import INCIDENTS, NOTIFICATIONS, OUTBOX
from tests.alerter_process import AlerterProcess, publish
from tests.builders import DATABASE, make_lone_incident, write_config
from tests.lookalikes.incident_tools import OPSGENIE, PAGERDUTY, SPLUNK
from tests.lookalikes.internet import Answer, Internet, Request
from tests.lookalikes.problems import ACKNOWLEDGED, CLOSED, OPEN, Tool
from tests.soak.alerter_kills import DEADLINE_S, HANG_S, TIMEOUTS, retry_waiting

CASES = (PAGERDUTY, OPSGENIE, SPLUNK)
# What happens to a cause, and the states of its problems after it.
CRASH, MORE, TAKE, OVER = "crash", "more hosts", "acknowledge", "resolve"
LIVES: Sequence[tuple[tuple[str, ...], tuple[str, ...]]] = (
    ((CRASH,), (OPEN,)),
    ((CRASH, MORE), (OPEN,)),
    ((CRASH, TAKE), (ACKNOWLEDGED,)),
    ((CRASH, MORE, TAKE), (ACKNOWLEDGED,)),
    ((CRASH, OVER), (CLOSED,)),
    ((CRASH, MORE, TAKE, OVER), (CLOSED,)),
    ((CRASH, TAKE, OVER, CRASH), (CLOSED, OPEN)),
    ((CRASH, OVER, CRASH, OVER), (CLOSED, CLOSED)),
)
_ACTIONS = {TAKE: CauseAction.ACKNOWLEDGE, OVER: CauseAction.RESOLVE}
_KINDS = {CRASH: "incident", TAKE: "acknowledged", OVER: "resolved"}


@dataclasses.dataclass(slots=True)
class Outcome:
    """The result of one run; ``faults`` is empty in a good one."""

    kills: int
    steps: int
    requests: int
    faults: list[str]


class Life:
    """One cause: what happens to it, and what is to be true of it in the end."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self._number = number
        self.steps, self.expected = chance.choice(LIVES)
        self.left = list(self.steps)
        self.cause = ""
        self.episodes: list[str] = []
        self._incidents = 0

    def crash(self, step: str, spool: Path) -> None:
        """Publish a crash, on another host each time."""
        self._incidents += 1
        lone = make_lone_incident(self._number)
        id_ = f"{self._number << 16 | self._incidents:032x}"
        source = lone.source if step == CRASH else f"10.9.{self._number}.2"
        publish(
            spool,
            dataclasses.replace(
                lone, id=id_, source=source, boot=f"b{self._incidents}"
            ),
        )
        if step == CRASH:
            self.episodes.append(id_)

    @property
    def keys(self) -> list[str]:
        return [f"omprog-panic:{self.cause}:{episode}" for episode in self.episodes]


class Tools:
    """All incident tools, behind what goes wrong."""

    def __init__(self, internet: Internet, chance: random.Random) -> None:
        self.calm = threading.Event()
        self.tools: dict[str, Tool] = {}
        self._chance = chance
        self._lock = threading.Lock()
        self._victim: AlerterProcess | None = None
        self._requests_left = 0
        self._kill_late = False
        self.kills = 0
        for case in CASES:
            self.tools[case.name] = case.make(internet)
        self._real = dict(internet.services)
        internet.services.update(dict.fromkeys(self._real, self._answer))

    def kill_at_request(self, victim: AlerterProcess, number: int) -> None:
        """Kill the victim before or after its ``number``-th request is taken."""
        with self._lock:
            self._victim, self._requests_left = victim, number
            self._kill_late = self._chance.random() < 0.7

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self._requests_left -= 1
            is_last = self._victim is not None and self._requests_left == 0
            roll = 1.0 if self.calm.is_set() else self._chance.random()
            if is_last and not self._kill_late:
                self._kill()
                return Answer(503)
            if roll < 0.2:
                return Answer(429 if roll < 0.1 else 500)
            answer = self._real[request.host](request)
            if is_last:
                self._kill()
        if roll < 0.26:
            self.calm.wait(HANG_S)  # taken, but the answer comes too late
        return Answer(502) if roll < 0.32 else answer

    def _kill(self) -> None:
        assert self._victim is not None
        self._victim.process.kill()
        self._victim = None
        self.kills += 1


class Run:
    """One folder, one alerter that dies again and again."""

    def __init__(self, folder: Path, tools: Tools, chance: random.Random) -> None:
        urls = [case.url for case in CASES]
        self.config = write_config(folder, urls, **TIMEOUTS)
        settings = json.loads(self.config.read_text())
        settings["grouping"]["group_interval_s"] = 1
        self.config.write_text(json.dumps(settings))
        self.folder, self.tools, self.chance = folder, tools, chance
        self.kills = 0
        self.asked: collections.Counter[str] = collections.Counter()

    def play(self, life: Life) -> None:
        """Let the next step of a life happen, and the alerter die meanwhile."""
        step = life.left.pop(0)
        if step in _ACTIONS:
            self._command(life.cause, _ACTIONS[step])
        else:
            life.crash(step, self.folder / "spool")
        kind = _KINDS.get(step)
        if kind is not None:
            self.asked[kind] += 1
        while True:
            with AlerterProcess(self.config) as alerter:
                if self.chance.random() < 0.7:
                    self.tools.kill_at_request(alerter, self.chance.randint(1, 6))
                done = self._wait(alerter, lambda: self._is_evaluated(kind))
                time.sleep(self.chance.choice([0.0, 0.05, 0.5]) * self.chance.random())
                alerter.kill()
                self.kills += 1
            if done:
                break
        life.cause = life.cause or self._cause(life.episodes[0])

    def _wait(self, alerter: AlerterProcess, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            if condition():
                return True
            if alerter.process.poll() is not None:
                return condition()
            time.sleep(0.05)
        raise TimeoutError("a step was not evaluated")

    def _is_evaluated(self, kind: str | None) -> bool:
        spool = self.folder / "spool" / "new"
        if any(spool.iterdir()):
            return False
        if kind is None:
            return True
        query = (
            sa.select(OUTBOX.c.service_key, sa.func.count())
            .join_from(OUTBOX, NOTIFICATIONS)
            .where(NOTIFICATIONS.c.kind == kind)
            .group_by(OUTBOX.c.service_key)
        )
        with self._database() as database:
            try:
                with database.read() as connection:
                    counts = [count for _, count in connection.execute(query)]
            except Exception:  # noqa: BLE001 - there is no database yet
                return False
        return len(counts) == len(CASES) and min(counts) >= self.asked[kind]

    def _database(self) -> contextlib.closing[Database]:
        return contextlib.closing(open_database(self.folder / DATABASE))

    def _cause(self, incident_id: str) -> str:
        query = sa.select(INCIDENTS.c.fingerprint).where(INCIDENTS.c.id == incident_id)
        with self._database() as database, database.read() as connection:
            return str(connection.execute(query).scalar())

    def _command(self, cause: str, action: CauseAction) -> None:
        command = StoredCommand(cause, action.value, "ada", "", time.time())
        with self._database() as database, database.write() as connection:
            add_command(connection, command)

    def settle(self) -> list[str]:
        """Let everything arrive; return what did not."""
        deadline = time.monotonic() + DEADLINE_S
        with AlerterProcess(self.config) as alerter:
            alerter.wait_for_line("started")
            self.tools.calm.set()
            while self._waiting() and time.monotonic() < deadline:
                retry_waiting(self.folder)
                time.sleep(0.1)
            faults = [f"{self._waiting()} messages wait"] if self._waiting() else []
            if alerter.terminate() != 0:
                faults.append("the last run did not end cleanly")
        return faults

    def _waiting(self) -> int:
        query = sa.select(sa.func.count()).where(OUTBOX.c.state != "sent")
        with self._database() as database, database.read() as connection:
            return int(connection.execute(query).scalar() or 0)


def run_once(seed: int, folder: Path) -> Outcome:
    """Run once, in an empty folder."""
    chance = random.Random(seed)
    lives = [Life(number, chance) for number in range(1, chance.randint(2, 4))]
    (folder / "internet").mkdir()
    with Internet(folder / "internet") as internet, _behind(internet):
        tools = Tools(internet, chance)
        run = Run(folder, tools, chance)
        while left := [life for life in lives if life.left]:
            run.play(chance.choice(left))
        faults = run.settle()
        for name, tool in tools.tools.items():
            faults += [f"{name}: {fault}" for fault in _judge(tool, lives)]
        return Outcome(
            run.kills,
            sum(len(life.steps) for life in lives),
            len(internet.requests),
            faults,
        )


@contextlib.contextmanager
def _behind(internet: Internet) -> Iterator[None]:
    """Let processes that are started now find the look-alikes."""
    before = dict(os.environ)
    os.environ.update(internet.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _judge(tool: Tool, lives: Sequence[Life]) -> list[str]:
    expected = {
        key: state
        for life in lives
        for key, state in zip(life.keys, life.expected, strict=True)
    }
    faults = [f"refused: {reason}" for reason in tool.refused]
    found = collections.Counter(problem.key for problem in tool.problems.all)
    faults += [f"{key} is not ours" for key in found if key not in expected]
    faults += [f"{key} was opened {n} times" for key, n in found.items() if n > 1]
    for key, state in expected.items():
        there = tool.problems.state(key)
        if there != state:
            faults.append(f"{key} is {there} there, and {state} here")
    return faults


def run_many(first_seed: int, runs: int) -> list[tuple[int, Outcome]]:
    """Run several times, each time in a temporary folder."""
    outcomes = []
    for seed in range(first_seed, first_seed + runs):
        with tempfile.TemporaryDirectory() as name:
            outcomes.append((seed, run_once(seed, Path(name))))
    return outcomes
