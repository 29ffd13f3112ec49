"""A policy in fake time, with a log that can be replayed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from omprog_panic.clock import rfc3339
from omprog_panic.policy.decision import DecisionRecord
from omprog_panic.policy.engine import Engine
from omprog_panic.policy.evaluation import Message
from omprog_panic.policy.event import (
    Boot,
    ConfigChanged,
    Crash,
    Event,
    SignOfLife,
    SilenceChanged,
    event_from_json,
    event_to_json,
)
from omprog_panic.policy.state import State
from omprog_panic.policy.timestamps import Timestamps

NOON = 1_790_000_000.0 - 1_790_000_000.0 % 86400 + 43200
OPS = ["ops", "json [ops]", ["ops"]]
DBA = ["dba", "json [dba]", ["dba"]]
LISTED = [{"name": "db-07", "address": "10.0.0.2"}]


def make_crash(number: int = 1, host: int = 2, **changes: Any) -> Crash:
    crash = Crash(
        id=f"{number:032x}",
        at=rfc3339(NOON),
        source=f"10.0.{host >> 8}.{host & 255}",
        host=None,
        fingerprint="cause-a",
        severity="panic",
        kind="panic",
        title="sysrq triggered crash",
        function="sysrq_handle_crash",
        kernel="6.1.0-56-cloud-amd64",
        hardware="QEMU",
        panicked=True,
        boot="b1",
        ended_at=rfc3339(NOON),
    )
    return dataclasses.replace(crash, **changes)


class Scene:
    """An engine, its clocks, and everything that came out of it."""

    def __init__(
        self,
        receivers: Sequence[list[Any]] = (OPS,),
        *,
        restarts: bool = False,
        **data: Any,
    ) -> None:
        self.engine = Engine()
        self.t = 0.0
        self.wall = NOON
        self.listened = 0.0
        self.restarts = restarts
        self.messages: list[Message] = []
        self.decided: list[DecisionRecord] = []
        self.log: list[tuple[Timestamps, list[dict[str, Any]]]] = []
        self._numbers = iter(range(1, 10**9))
        self.feed(ConfigChanged({"senders": LISTED, **data}, list(receivers)))
        self.messages.clear()
        self.decided.clear()

    @property
    def now(self) -> str:
        return rfc3339(self.wall)

    def feed(self, *events: Event) -> list[Message]:
        """Take these events now; give the messages of this moment."""
        moment = Timestamps(self.t, self.wall, self.listened)
        result = self.engine.evaluate(moment, events)
        if events or result.decided:
            logged = json.dumps([event_to_json(event) for event in events])
            self.log.append((moment, json.loads(logged)))
        self.messages += result.messages
        self.decided += result.decided
        if self.restarts:
            self.restart()
        return result.messages

    def restart(self) -> None:
        """Go on as after a restart of the alerter, from what JSON can hold."""
        rows = json.loads(json.dumps(self.engine.state.everything()))
        state = State()
        for name, key, row in rows:
            state.load(name, key, row)
        self.engine = Engine(state)

    def wait(self, seconds: float, step: float = 1.0, *, hearing: bool = True) -> None:
        """Let time pass, with looks at what is due."""
        end = self.t + seconds
        while self.t < end:
            passed = min(step, end - self.t)
            self.t += passed
            self.wall += passed
            self.listened += passed if hearing else 0.0
            self.feed()

    def crash(self, host: int = 2, cause: str = "cause-a", **changes: Any) -> Crash:
        crash = make_crash(
            next(self._numbers),
            host,
            **{
                "fingerprint": cause,
                "at": self.now,
                "ended_at": self.now,
                "boot": f"boot-{self.t:.0f}",
                **changes,
            },
        )
        self.feed(crash)
        return crash

    def hear(self, says: str = "alive", host: int = 2, **changes: Any) -> None:
        source = f"10.0.{host >> 8}.{host & 255}"
        id_ = f"heard-{next(self._numbers)}"
        self.feed(SignOfLife(id_, self.now, source, says, **changes))

    def boot(self, host: int = 2, *, announced: bool = False, **changes: Any) -> None:
        boot = Boot(
            **{
                "id": f"boot-{next(self._numbers)}",
                "at": self.now,
                "source": f"10.0.{host >> 8}.{host & 255}",
                "host": None,
                "boot": f"new-{self.t:.0f}",
                "announced": announced,
                "last_heard_at": rfc3339(self.wall - 60),
                "last_text": "usb 1-1: new device",
                "kernel": "6.1.0-56-cloud-amd64",
                **changes,
            }
        )
        self.feed(boot)
        self.wait(3)

    def silence(self, seconds: float = 600.0, **match: list[str]) -> None:
        id_ = f"s{next(self._numbers)}"
        end = self.wall + seconds
        self.feed(SilenceChanged(id_, match, "anna", "new kernel", self.wall, end))

    def kinds(self) -> list[str]:
        return [message.kind for message in self.messages]

    def of_kind(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message.kind == kind]

    def words(self) -> list[tuple[str, str]]:
        return [(d.decision.name, d.reason) for d in self.decided]

    def codes(self) -> list[str]:
        return [d.decision.name for d in self.decided]


def replay_log(
    log: Sequence[tuple[Timestamps, list[dict[str, Any]]]],
) -> list[DecisionRecord]:
    """Run a log through a new engine; give every decision, that of set-up too."""
    engine = Engine()
    decided: list[DecisionRecord] = []
    for moment, events in log:
        result = engine.evaluate(moment, [event_from_json(e) for e in events])
        decided += result.decided
    return decided
