"""Rebuilds at start what a killed collector knew, from its journal."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.envelope import parse_envelope
from omprog_panic.collector.journal import (
    ALLOWED,
    CHECKPOINT,
    LINES,
    NEWEST,
    PUBLISHED,
    PUBLISHED_BEFORE,
    RESTARTED,
    SOURCE,
    Journal,
)
from omprog_panic.collector.state_codec import (
    decode_addresses,
    decode_networks,
    decode_published,
    decode_source,
    decode_source_address,
)
from omprog_panic.errors import MalformedEnvelopeError, MalformedStateError
from omprog_panic.spool.record import DURABLE

if TYPE_CHECKING:
    from omprog_panic.collector.pipeline import Pipeline
    from omprog_panic.collector.segments import Damage, Entry
    from omprog_panic.spool.record import SpoolRecord

MAX_RESENT = 1024  # newest lines that rsyslogd may send again after a restart


class Recovery:
    """Replays the journal into a pipeline.

    The state of the pipeline is a function of the lines in the journal, so that the
    replay gives what the killed collector had, and the records that it had built.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._awaited: set[str] = set()  # addresses whose state is still to come
        # Of a damaged journal: for each checkpoint, whose states can be read.
        self._readable: deque[set[str]] | None = None
        self._begun = False
        self._newest: deque[bytes] = deque(maxlen=MAX_RESENT)
        self._published: set[str] = set()
        self._built: dict[str, SpoolRecord] = {}
        self.now = 0.0  # the pipeline's last time
        self.entries = 0
        self.unreadable = 0  # entries in a format that is not supported
        self.damage: dict[str, list[Damage]] = {}  # by the name of the segment
        self.lines_bytes = 0  # of lines since the last checkpoint began

    @property
    def newest(self) -> list[bytes]:
        """The newest lines, which rsyslogd may send again."""
        return list(self._newest)

    def run(self, journal: Journal) -> list[SpoolRecord]:
        """Replay everything; return the durable records that are not in the spool.

        Of a damaged journal everything is replayed that is left: lines whose networks
        or whose source's state are lost are processed without them.
        """
        self.damage = journal.find_damage()
        if self.damage:
            self._readable = _readable_states(journal)
        for entry in journal.recover():
            self.entries += 1
            self._replay(entry)
        self._pipeline.resent.expect(self._newest)
        return [
            record
            for record in self._built.values()
            if record.id not in self._published and isinstance(record, DURABLE)
        ]

    def _replay(self, entry: Entry) -> None:
        self._begun = self._begun or entry.kind == CHECKPOINT
        if not self._begun and not self.damage:
            # A process was killed after it deleted the segments before this entry.
            return
        self.now = max(self.now, entry.now)
        self._pipeline.tick(self.now)
        self._keep_records()
        try:
            self._replay_content(entry)
        except MalformedStateError:
            # Written by a later version, e.g. before a downgrade.
            self.unreadable += 1

    def _replay_content(self, entry: Entry) -> None:
        if entry.kind == LINES:
            self.lines_bytes += len(entry.content)
            self._replay_lines(entry.content)
        elif entry.kind == PUBLISHED:
            self._note_published(entry.content.decode("ascii", "replace"))
        elif entry.kind == NEWEST:
            if not self._newest:
                self._newest.extend(entry.content.split(b"\n"))
        elif entry.kind == RESTARTED:
            # As that process did when it began.
            self._pipeline.resent.expect(self._newest)
        else:
            self._replay_state(entry)

    def _replay_state(self, entry: Entry) -> None:
        """Take a part of a checkpoint; kinds of later versions are ignored."""
        if entry.kind == SOURCE:
            self._restore_source(entry.content)
        elif entry.kind == CHECKPOINT:
            readable = self._readable.popleft() if self._readable else None
            addresses = set(decode_addresses(entry.content))
            self._awaited = addresses - set(self._pipeline.sources)
            if readable is not None:
                # The lines of the others are all that is left of them.
                self._awaited &= readable
            self.lines_bytes = 0
        elif entry.kind == ALLOWED:
            texts = decode_networks(entry.content)
            if self.damage:  # a network that was added may be what is lost
                texts = [*self._pipeline.allowed.texts(), *texts]
            self._pipeline.allow(AllowedNetworks(texts), self.now)
            self._keep_records()
        elif entry.kind == PUBLISHED_BEFORE:
            for name in decode_published(entry.content):
                self._note_published(name)

    def _note_published(self, name: str) -> None:
        self._published.add(name)
        self._pipeline.published.add(name)

    def _keep_records(self) -> None:
        for record in self._pipeline.take():
            self._built[record.id] = record

    def _replay_lines(self, content: bytes) -> None:
        lines = content.split(b"\n")
        self._newest.extend(lines)
        if self._awaited:
            lines = [line for line in lines if not self._is_awaited(line)]
            content = b"\n".join(lines)
        if lines:
            self._pipeline.feed(content, self.now)
        self._keep_records()

    def _is_awaited(self, line: bytes) -> bool:
        # The state of its source, which includes this line, comes later.
        try:
            return parse_envelope(line).ip in self._awaited
        except MalformedEnvelopeError:
            return False

    def _restore_source(self, content: bytes) -> None:
        address, source = decode_source(content, self._pipeline.trace_limits)
        self._awaited.discard(address)
        self._pipeline.settle(address, self.now)
        self._keep_records()
        self._pipeline.adopt(address, source)


def _readable_states(journal: Journal) -> deque[set[str]]:
    """Return for each checkpoint the addresses whose state can be read."""
    states: deque[set[str]] = deque()
    for entry in journal.recover():
        if entry.kind == CHECKPOINT:
            states.append(set())
        elif entry.kind == SOURCE and states:
            with contextlib.suppress(MalformedStateError):
                states[-1].add(decode_source_address(entry.content))
    return states
