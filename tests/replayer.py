"""Feeds a capture to the pipeline in its own time, without a process."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.spool.record import BootRecord, IncidentRecord
from tests.omprog_driver import REPOSITORY, envelope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.collector.open_trace import TraceLimits
    from omprog_panic.spool.record import SpoolRecord

CAPTURES = REPOSITORY / "tests" / "captures"
Datagram = tuple[float, str]


def load_capture(name: str) -> list[Datagram]:
    """(seconds since the first, payload) of every datagram."""
    path = CAPTURES / f"{name}.jsonl"
    bodies = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(body["at"], body["payload"]) for body in bodies]


class Replay:
    """A pipeline with a clock that the datagrams turn."""

    def __init__(self, limits: TraceLimits | None = None) -> None:
        self.pipeline = Pipeline(limits, allowed=AllowedNetworks(["10.0.0.0/8"]))
        self.records: list[SpoolRecord] = []

    def send(self, datagrams: Iterable[Datagram], ip: str = "10.0.0.2") -> None:
        """Feed datagrams, letting time pass as they say."""
        for at, payload in datagrams:
            self.until(at)
            self.pipeline.feed(envelope(payload, ip, at), at)
            self.records += self.pipeline.take()

    def backlog(self, at: float, payload: str, ip: str = "10.0.0.2") -> None:
        """Feed a datagram that was received at a time, but is delivered only now."""
        self.pipeline.feed(envelope(payload, ip, at), 0.0)
        self.records += self.pipeline.take()

    def until(self, at: float) -> None:
        """Let time pass."""
        deadline = self.pipeline.deadline()
        while deadline is not None and deadline <= at:
            self.pipeline.tick(deadline)
            deadline = self.pipeline.deadline()
        self.records += self.pipeline.take()

    def finish(self) -> None:
        """Let all the time pass that anything waits for."""
        deadline = self.pipeline.deadline()
        while deadline is not None:
            self.pipeline.tick(deadline)
            deadline = self.pipeline.deadline()
        self.records += self.pipeline.take()

    @property
    def incidents(self) -> list[IncidentRecord]:
        """The incidents so far."""
        return [r for r in self.records if isinstance(r, IncidentRecord)]

    @property
    def boots(self) -> list[BootRecord]:
        """The boots so far."""
        return [r for r in self.records if isinstance(r, BootRecord)]


def replay(
    datagrams: Iterable[Datagram],
    limits: TraceLimits | None = None,
) -> Replay:
    """Feed datagrams of one host and let all time pass."""
    run = Replay(limits)
    run.send(datagrams)
    run.finish()
    return run


def shared_captures() -> Path | None:
    """The folder of all captures beside the checkout, where there is one."""
    given = os.environ.get("OMPROG_PANIC_SHARED")
    folder = Path(given) if given else REPOSITORY.parent / "shared"
    return folder / "captures" if (folder / "captures").is_dir() else None
