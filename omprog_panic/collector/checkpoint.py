"""Writes the pipeline's state into the journal, so that old segments can be deleted.

A checkpoint begins a segment with the list of all sources. Their states are written a
few at a time between lines, never all at once; after the last one the segments before
it are deleted.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from omprog_panic.collector.journal import (
    ALLOWED,
    CHECKPOINT,
    NEWEST,
    PUBLISHED_BEFORE,
    RESTARTED,
    SOURCE,
    Journal,
)
from omprog_panic.collector.recovery import MAX_RESENT
from omprog_panic.collector.state_codec import (
    encode_addresses,
    encode_networks,
    encode_published,
    encode_source,
)

if TYPE_CHECKING:
    from omprog_panic.collector.pipeline import Pipeline

_SOURCES_AT_ONCE = 8
# A source that waits for holes or bursts without end is settled after so long; else
# it would keep all old segments.
SETTLE_AFTER_S = 10.0
# Lines between two checkpoints: at least this, and at least twice what the states
# took; never more than can be read back within a few seconds.
MIN_LINES_BYTES = 16 * 1024 * 1024
MAX_LINES_BYTES = 48 * 1024 * 1024


class NewestLines:
    """The newest lines from rsyslogd, which it may send again: MAX_RESENT, few more."""

    __slots__ = ("_chunks", "_count")

    def __init__(self) -> None:
        self._chunks: deque[tuple[bytes, int]] = deque()  # with their number of lines
        self._count = 0

    def add(self, chunk: bytes, count: int) -> None:
        """Add a chunk of so many lines."""
        chunks = self._chunks
        chunks.append((chunk, count))
        self._count += count
        while self._count - chunks[0][1] >= MAX_RESENT:
            self._count -= chunks.popleft()[1]

    def joined(self) -> bytes:
        """Return all of them, separated by line feeds."""
        return b"\n".join(chunk for chunk, _ in self._chunks)


class Checkpointer:
    """Decides when a checkpoint begins, and writes it a few sources at a time."""

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        *,
        settle_after_s: float = SETTLE_AFTER_S,
    ) -> None:
        self._settle_after_s = settle_after_s
        self._journal = journal
        self._pipeline = pipeline
        self._left: deque[str] = deque()  # addresses whose state is still to write
        self._keep_from = 0  # the segment that the checkpoint began; 0: none is busy
        self._waits_for: set[str] = set()
        self._since = 0.0
        self._state_bytes = 0
        self.lines_bytes = 0  # of lines since the last checkpoint began
        self._newest = NewestLines()

    def restarted(self, now: float) -> None:
        """Note in the segment just begun that this is another process."""
        self._journal.append(RESTARTED, b"-", now, checkpoint=True)

    def resume(self, now: float, lines_bytes: int) -> bool:
        """Continue in the newest segment if the process before left more than one.

        It could not delete the others, perhaps because the spool was blocked; one
        more segment for each restart would fill the disk.
        """
        if self._journal.segments < 2 or not self._journal.resume():
            return False
        self._journal.append(ALLOWED, self._networks(), now, checkpoint=True)
        self.lines_bytes = lines_bytes
        return True

    def _networks(self) -> bytes:
        return encode_networks(self._pipeline.allowed.texts())

    def took(self, chunk: bytes, count: int) -> None:
        """Note that so many lines went into the journal."""
        self.remember(chunk, count)
        self.lines_bytes += len(chunk)

    def remember(self, chunk: bytes, count: int) -> None:
        """Keep lines that rsyslogd may send again."""
        self._newest.add(chunk, count)

    def begin(self, now: float, unpublished: set[str]) -> None:
        """Begin a checkpoint in a new segment.

        Raises:
            JournalError: there is no space for a segment.

        """
        pipeline = self._pipeline
        addresses = list(pipeline.sources)
        published = [name for name in pipeline.published if name not in unpublished]
        entries = [
            (CHECKPOINT, encode_addresses(addresses)),
            (ALLOWED, self._networks()),
        ]
        newest = self._newest.joined()
        if newest:
            entries.append((NEWEST, newest))
        entries.append((PUBLISHED_BEFORE, encode_published(published)))
        # In one segment: there may be no space for a second one.
        sizes = [self._journal.size_of(content) for _, content in entries]
        self._journal.rotate(sum(sizes), checkpoint=True)
        for kind, content in entries:
            self._journal.append(kind, content, now)
        self._state_bytes = self.lines_bytes = 0
        self._keep_from = self._journal.current
        self._waits_for = unpublished
        self._since = now
        self._left = deque(addresses)

    @property
    def wanted(self) -> bool:
        """Whether it is time for a checkpoint."""
        limit = max(MIN_LINES_BYTES, min(2 * self._state_bytes, MAX_LINES_BYTES))
        if self._keep_from:
            return False
        if self.lines_bytes > limit:
            return True
        return self._journal.half_full and self.lines_bytes * 2 > self._state_bytes

    @property
    def busy(self) -> bool:
        """Whether a checkpoint is being written, so that older segments are needed."""
        return self._keep_from > 0

    def step(self, now: float, unpublished: set[str]) -> None:
        """Do a small part of the work; delete the old segments after the last."""
        pipeline = self._pipeline
        if self._left:
            # What was closed before a state was written is not in that state.
            self._waits_for = unpublished
        for _ in range(min(_SOURCES_AT_ONCE, len(self._left))):
            ip = self._left[0]
            source = pipeline.sources.get(ip)
            if source is not None and source.undecided:
                if now - self._since < self._settle_after_s:
                    self._left.rotate(-1)
                    continue
                pipeline.settle(ip, now)
            # That a source was evicted meanwhile must be known, too.
            content = encode_source(ip, source)
            self._journal.append(SOURCE, content, now, checkpoint=True)
            self._left.popleft()
            self._state_bytes += len(content)
        if self._left or pipeline.has_records:
            return
        self._waits_for &= unpublished
        if not self._waits_for and self._keep_from:
            self._journal.forget_before(self._keep_from)
            self._keep_from = 0
