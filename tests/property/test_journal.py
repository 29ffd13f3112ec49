"""Laws of the journal: killed between any two writes, torn at any byte, never wrong."""

from __future__ import annotations

import math
import os
import tempfile
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.checkpoint import Checkpointer
from omprog_panic.collector.journal import (
    LINES,
    PUBLISHED,
    Journal,
    JournalLimits,
)
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.recovery import Recovery
from omprog_panic.collector.segments import Entry, read_segment
from omprog_panic.spool.record import DURABLE, SpoolRecord
from tests.omprog_driver import envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = TraceLimits(silence_s=30, kdump_silence_s=30, settle_s=2)
HOSTS = 3
PANIC = "Kernel panic - not syncing: crash"


class Killed(Exception):  # noqa: N818
    """The process ends here, between two writes."""


class Fate:
    """Counts the writes and ends the process before those that are named."""

    def __init__(self, deaths: set[int]) -> None:
        self.writes = 0
        self.deaths = deaths

    def write(self) -> None:
        self.writes += 1
        if self.writes in self.deaths:
            raise Killed


class MortalJournal(Journal):
    """The real journal; the process may die before each of its writes."""

    def __init__(self, folder: Path, limits: JournalLimits, fate: Fate) -> None:
        super().__init__(folder, limits)
        self.fate = fate

    def append(
        self,
        kind: int,
        content: bytes,
        now: float,
        *,
        checkpoint: bool = False,
    ) -> None:
        self.fate.write()
        super().append(kind, content, now, checkpoint=checkpoint)

    def rotate(self, need: int = 0, *, checkpoint: bool = False) -> None:
        self.fate.write()
        super().rotate(need, checkpoint=checkpoint)

    def forget_before(self, number: int) -> None:
        for old in [n for n in self._segments.numbers if n <= number]:
            self.fate.write()
            super().forget_before(old)

    def die(self) -> None:
        self._close_segment()
        os.close(self._lock)


class World:
    """rsyslogd, spool and alerter around collectors that are killed."""

    def __init__(self, folder: Path, fate: Fate, segment_bytes: int) -> None:
        self.folder = folder
        self.fate = fate
        self.limits = JournalLimits(segment_bytes, 1 << 30)
        self.now = 0.0
        self.spool: dict[str, SpoolRecord] = {}
        self.blocked = False
        self.start()

    def start(self) -> None:
        while True:
            self.journal = MortalJournal(self.folder, self.limits, self.fate)
            try:
                self._recover()
            except Killed:
                self.journal.die()
            else:
                return

    def _recover(self) -> None:
        self.pipeline = make_pipeline()
        recovery = Recovery(self.pipeline)
        self.queue: deque[SpoolRecord] = deque(recovery.run(self.journal))
        self.now = max(self.now, recovery.now)
        # How long a carry has waited is forgotten with the process.
        self.checkpointer = Checkpointer(
            self.journal, self.pipeline, settle_after_s=math.inf
        )
        for line in recovery.newest:
            self.checkpointer.remember(line, 1)
        if not self.checkpointer.resume(self.now, recovery.lines_bytes):
            self.checkpointer.begin(self.now, self.unpublished())
        self.checkpointer.restarted(self.now)

    def unpublished(self) -> set[str]:
        return {record.id for record in self.queue}

    @contextmanager
    def life(self) -> Iterator[None]:
        try:
            yield
        except Killed:
            self.journal.die()
            self.start()

    def line(self, line: bytes) -> None:
        """Send a line until it is confirmed, as rsyslogd does."""
        confirmed = False
        while not confirmed:
            with self.life():
                self.journal.append(LINES, line, self.now)
                self.checkpointer.took(line, 1)
                self.fate.write()  # the OK
                confirmed = True
                self.pipeline.feed_chunk(line, self.now)
                self._collect()

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        with self.life():
            self.pipeline.tick(self.now)
            self._collect()

    def _collect(self) -> None:
        records = self.pipeline.take()
        self.queue.extend(r for r in records if isinstance(r, DURABLE))

    def publish(self) -> None:
        with self.life():
            while self.queue and not self.blocked:
                self.fate.write()
                record = self.queue[0]
                self.spool.setdefault(record.id, record)
                self.fate.write()
                self.queue.popleft()
                self.journal.append(PUBLISHED, record.id.encode(), self.now)

    def carry(self) -> None:
        with self.life():
            if self.checkpointer.busy:
                self.checkpointer.step(self.now, self.unpublished())
            else:
                self.checkpointer.begin(self.now, self.unpublished())


def make_pipeline() -> Pipeline:
    return Pipeline(LIMITS, allowed=AllowedNetworks(["10.0.0.0/8"]))


class Hosts:
    """What the kernels of a few hosts say: every record is unlike any other."""

    def __init__(self) -> None:
        self.us = [5_000_000] * HOSTS
        self.sequence = [0] * HOSTS
        self.number = 0

    def say(self, host: int, word: str) -> bytes:
        self.number += 1
        self.us[host] += 1000
        if word == "boot":
            self.us[host] = self.sequence[host] = 0
        if word == "gap":
            self.sequence[host] += 2
        text = {
            "oops": f"BUG: unable to handle page fault for address: {self.number}",
            "panic": f"{PANIC} {self.number}",
            "end": f"---[ end {PANIC} {self.number}",
            "boot": f"Linux version 6.1.{self.number} (x)",
        }.get(word, f"line {self.number}")
        sequence, us = self.sequence[host], self.us[host]
        self.sequence[host] += 1
        payload = f"[{us // 10**6:5}.{us % 10**6:06}] {text}"
        if host % 2:
            payload = f"4,{sequence},{us},-;{text}"
        return envelope(payload, f"10.0.0.{host + 2}", self.number / 1000)


SAID = st.tuples(
    st.integers(0, HOSTS - 1),
    st.sampled_from(["chat", "chat", "chat", "oops", "panic", "end", "gap", "boot"]),
)
STEPS = st.one_of(
    SAID,
    SAID,
    st.sampled_from(["publish", "carry", "carry", "block", "unblock"]),
    st.sampled_from([0.1, 3.0, 40.0]),
)
Steps = list[tuple[int, str] | str | float]
# As often as it may be killed: what waits for time to pass waits for it anew.
FOREVER: Steps = [100.0, "unblock", "publish", *["carry"] * 3] * 6


def play(world: World, steps: Steps) -> dict[str, SpoolRecord]:
    hosts = Hosts()
    for step in [*steps, *FOREVER]:
        if isinstance(step, tuple):
            world.line(hosts.say(*step))
        elif isinstance(step, float):
            world.pass_time(step)
        elif step in {"block", "unblock"}:
            world.blocked = step == "block"
        else:
            getattr(world, step)()
    return world.spool


@given(
    st.lists(STEPS, max_size=40),
    st.sets(st.integers(1, 120), max_size=4),
    st.sampled_from([300, 2000, 100_000]),
)
def test_killed_between_any_two_writes_the_same_comes_out(
    steps: Steps,
    deaths: set[int],
    segment_bytes: int,
) -> None:
    """Each incident and each boot, with the same records, in the spool."""
    with tempfile.TemporaryDirectory() as name:
        immortal = World(Path(name), Fate(set()), segment_bytes)
        expected = play(immortal, steps)
        immortal.journal.die()
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name), Fate(deaths), segment_bytes)
        got = play(world, steps)
        world.journal.die()

    assert got == expected


@given(
    st.lists(st.binary(min_size=1, max_size=30), max_size=6),
    st.data(),
)
def test_a_segment_torn_at_any_byte_gives_whole_entries(
    contents: list[bytes],
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        journal = Journal(Path(name), JournalLimits(4096, 1 << 20))
        for content in contents:
            journal.append(LINES, content, 1.5)
        journal.close()
        segments = b"".join(p.read_bytes() for p in sorted(Path(name).glob("*.jou*")))
    cut = data.draw(st.integers(0, len(segments)))
    rest = data.draw(st.sampled_from([b"", bytes(100), b"\xff" * 100]))
    torn = entries(segments[:cut] + rest)

    assert torn == contents[: len(torn)]
    assert len(torn) == len(entries(segments[:cut]))


@given(
    st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=6),
    st.data(),
)
def test_a_flipped_bit_costs_the_entry_that_it_is_in(
    contents: list[bytes],
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        journal = Journal(Path(name), JournalLimits(4096, 1 << 20))
        for content in contents:
            journal.append(LINES, content, 1.5)
        journal.close()
        (path,) = Path(name).glob("*.journal")
        segment = bytearray(path.read_bytes())
        written = len(segment.rstrip(b"\0"))
        bit = data.draw(st.integers(0, 8 * written - 1))
        segment[bit // 8] ^= 1 << bit % 8
        path.write_bytes(segment)
        again = Journal(Path(name), JournalLimits(4096, 1 << 20))
        left = [entry.content for entry in again.recover()]
        damage = again.find_damage()
        again.close()

    start, hit = 16, None
    for number, content in enumerate(contents):
        if start <= bit // 8 < start + Journal.size_of(content):
            hit = number
        start += Journal.size_of(content)
    assert left == [c for number, c in enumerate(contents) if number != hit]
    assert list(damage) == [path.name]


def entries(segment: bytes) -> list[bytes]:
    return [e.content for e in read_segment(segment) if isinstance(e, Entry)]
