"""Checkpoints: what they wait for, and that old segments go only afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.collector import checkpoint as module
from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.checkpoint import Checkpointer, NewestLines
from omprog_panic.collector.journal import (
    LINES,
    SOURCE,
    Journal,
)
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.recovery import MAX_RESENT
from tests.omprog_driver import envelope


class World:
    """A pipeline whose lines go into a journal."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder)
        self.pipeline = Pipeline(allowed=AllowedNetworks(["10.0.0.0/8"]))
        self.checkpointer = Checkpointer(self.journal, self.pipeline)
        self.checkpointer.begin(0.0, set())
        self.finish(0.0)

    def line(self, payload: str, host: int = 2, now: float = 1.0) -> None:
        line = envelope(payload, f"10.0.0.{host}", now)
        self.journal.append(LINES, line, now)
        self.checkpointer.took(line, 1)
        self.pipeline.feed_chunk(line, now)
        self.pipeline.take()

    def finish(self, now: float, steps: int = 20) -> bool:
        for _ in range(steps):
            self.checkpointer.step(now, set())
        return not self.checkpointer.busy

    @property
    def sources(self) -> int:
        return sum(entry.kind == SOURCE for entry in self.journal.recover())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.journal.close()


def test_every_source_is_written_a_few_at_a_time(world: World) -> None:
    for host in range(2, 22):
        world.line("[    5.000000] x", host)
    world.checkpointer.begin(2.0, set())
    world.checkpointer.step(2.0, set())
    assert world.sources == 8
    assert world.journal.segments == 2

    assert world.finish(2.0)
    assert world.journal.segments == 1
    assert world.sources == 20


def test_an_open_hole_is_waited_for_and_then_given_up(world: World) -> None:
    world.line("6,5,5000000,-;x")
    world.line("6,9,5000001,-;behind a hole")
    world.checkpointer.begin(2.0, set())

    assert not world.finish(2.1)
    assert world.finish(2.0 + module.SETTLE_AFTER_S)
    assert world.sources == 1


def test_old_segments_stay_until_an_incident_is_in_the_spool(world: World) -> None:
    world.line("[    5.000000] x")
    world.checkpointer.begin(2.0, {"incident"})
    for _ in range(5):
        world.checkpointer.step(2.0, {"incident"})
    assert world.checkpointer.busy

    world.checkpointer.step(2.0, set())
    assert not world.checkpointer.busy


def test_a_checkpoint_is_wanted_after_many_lines(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [world.checkpointer.wanted]
    monkeypatch.setattr(module, "MIN_LINES_BYTES", 100)
    world.line("[    5.000000] " + "x" * 200)
    wanted.append(world.checkpointer.wanted)
    world.checkpointer.begin(2.0, set())
    wanted.append(world.checkpointer.wanted)

    assert wanted == [False, True, False]


def test_the_newest_lines_are_kept_and_few_more() -> None:
    newest = NewestLines()
    for number in range(3000):
        newest.add(b"%d" % number, 1)
    newest.add(b"a\nb\nc", 3)

    lines = newest.joined().split(b"\n")
    assert lines[-4:] == [b"2999", b"a", b"b", b"c"]
    assert MAX_RESENT <= len(lines) < MAX_RESENT + 3
