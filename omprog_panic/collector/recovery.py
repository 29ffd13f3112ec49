"""The journal's meaning: what to write while running, how to read it at start.

The state of the pipeline is a function of the lines that were journaled. So that
old segments can go, every new one begins with the list of senders whose state is to
follow; the states are written a few at a time between lines, never all at once, and
when the last one stands the segments before it are deleted.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from omprog_panic.collector.envelope import parse_envelope
from omprog_panic.collector.journal import (
    HOST,
    KNOWN,
    LINES,
    NEWEST,
    PUBLISHED,
    RESTARTED,
    STATE,
    Journal,
)
from omprog_panic.collector.sender import Sender
from omprog_panic.errors import MalformedEnvelopeError
from omprog_panic.spool.record import IncidentRecord

if TYPE_CHECKING:
    from omprog_panic.collector.journal import Entry
    from omprog_panic.collector.pipeline import Pipeline
    from omprog_panic.spool.record import SpoolRecord

REPEATS = 1024  # newest lines that rsyslogd may send again after a restart
_HOSTS_AT_ONCE = 8
# Between two carries stands at least so much of lines, and at least twice what the
# states took; and never more than can be read back within a few seconds.
MIN_LINES_BYTES = 6 * 1024 * 1024
MAX_LINES_BYTES = 48 * 1024 * 1024


class Recovery:
    """Rebuilds a pipeline from the journal.

    ``records`` are the spool records that the replay yields and that were not
    published before: what a killed collector had closed, but not yet handed over.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._awaited: set[str] = set()
        self._newest: deque[bytes] = deque(maxlen=REPEATS)
        self._published: set[str] = set()
        self._built: dict[str, SpoolRecord] = {}
        self.now = 0.0
        self.entries = 0
        self.newest: list[bytes] = []

    def run(self, journal: Journal) -> list[SpoolRecord]:
        """Replay everything; afterwards ``now`` is the pipeline's last moment."""
        for entry in journal.recover():
            self.entries += 1
            self._take(entry)
        self._pipeline.expect_repeats(self._newest)
        self.newest = list(self._newest)
        # Only incidents are durable: a minute later "heard" is said again.
        return [
            record
            for record in self._built.values()
            if record.id not in self._published and isinstance(record, IncidentRecord)
        ]

    def _take(self, entry: Entry) -> None:
        self.now = max(self.now, entry.now)
        if entry.kind == LINES:
            self._lines(entry.content)
        elif entry.kind == PUBLISHED:
            self._published.add(entry.content.decode("ascii", "replace"))
        elif entry.kind == HOST:
            self._host(decode_host(entry.content))
        elif entry.kind == KNOWN:
            unknown = set(json.loads(entry.content)) - set(self._pipeline.senders)
            self._awaited = unknown
        elif entry.kind == NEWEST:
            if not self._newest:
                self._newest.extend(entry.content.split(b"\n"))
        elif entry.kind == RESTARTED:
            # As that run did when it began.
            self._pipeline.expect_repeats(self._newest)
        elif entry.kind == STATE:
            for name in json.loads(entry.content)["known"]:
                self._published.add(name)
                self._pipeline.remember_published(name)

    def _lines(self, content: bytes) -> None:
        pipeline, now = self._pipeline, self.now
        deadline = pipeline.deadline()
        while deadline is not None and deadline <= now:
            pipeline.tick(deadline)
            deadline = pipeline.deadline()
        lines = content.split(b"\n")
        self._newest.extend(lines)
        if self._awaited:
            lines = [line for line in lines if not self._is_awaited(line)]
        if lines:
            pipeline.feed(b"\n".join(lines), now)
        for record in pipeline.take():
            self._built[record.id] = record

    def _is_awaited(self, line: bytes) -> bool:
        # Its state, which holds this line, comes later in the same segment.
        try:
            return parse_envelope(line).ip in self._awaited
        except MalformedEnvelopeError:
            return False

    def _host(self, state: dict[str, Any]) -> None:
        ip = str(state["ip"])
        sender = Sender(self._pipeline.trace_limits)
        sender.load(state)
        self._awaited.discard(ip)
        self._pipeline.adopt(ip, sender)


class Carrier:
    """Carries the pipeline's state into each new segment, a few senders at a time."""

    def __init__(self, journal: Journal, pipeline: Pipeline) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._left: deque[str] = deque()
        self._keep_from = 0
        self._waits_for: set[str] = set()
        self._state_bytes = 0
        # Bytes of lines since the last carry began.
        self.lines_bytes = 0
        self._newest: deque[tuple[bytes, int]] = deque()
        self._newest_lines = 0

    def restarted(self, now: float) -> None:
        """Note in the segment just begun that this is another run."""
        self._journal.append(RESTARTED, b"-", now)

    def took(self, chunk: bytes, count: int) -> None:
        """Note that so many lines went into the journal."""
        self._newest.append((chunk, count))
        self._newest_lines += count
        # Chunks, of which one may be a single line, and another hundreds.
        while self._newest_lines - self._newest[0][1] >= REPEATS:
            self._newest_lines -= self._newest.popleft()[1]
        self.lines_bytes += len(chunk)

    def begin(self, now: float, unpublished: set[str]) -> None:
        """Begin a segment. Raises JournalError when there is no room for one."""
        self._journal.rotate(carry=True)
        self._state_bytes = self.lines_bytes = 0
        self._keep_from = self._journal.current
        self._waits_for = unpublished
        names = list(self._pipeline.senders)
        self._left = deque(names)
        self._journal.append(KNOWN, json.dumps(names).encode(), now)
        if self._newest:
            newest = b"\n".join(chunk for chunk, _ in self._newest)
            self._journal.append(NEWEST, newest, now)
        known = {"known": [n for n in self._pipeline.known if n not in unpublished]}
        self._journal.append(STATE, json.dumps(known).encode(), now)

    @property
    def wanted(self) -> bool:
        """Whether it is time to carry everything into a new segment."""
        limit = max(MIN_LINES_BYTES, min(2 * self._state_bytes, MAX_LINES_BYTES))
        if self._keep_from:
            return False
        if self.lines_bytes > limit:
            return True
        return self._journal.half_full and self.lines_bytes * 2 > self._state_bytes

    @property
    def busy(self) -> bool:
        """Whether older segments are still needed."""
        return self._keep_from > 0

    def step(self, now: float, unpublished: set[str]) -> None:
        """Do a small part of the work; delete the old segments after the last."""
        if self._left:
            # Closed while states were still to come: a replay from here skips the
            # lines of such a sender, so the older segments must stay for them, too.
            self._waits_for |= unpublished
        for _ in range(min(_HOSTS_AT_ONCE, len(self._left))):
            ip = self._left.popleft()
            sender = self._pipeline.senders.get(ip)
            if sender is None:
                continue
            if sender.undecided:
                self._left.append(ip)
                continue
            content = encode_host({"ip": ip, **sender.dump()})
            self._journal.append(HOST, content, now)
            self._state_bytes += len(content)
        self._waits_for &= unpublished
        if not self._left and not self._waits_for and self._keep_from:
            self._journal.forget_before(self._keep_from)
            self._keep_from = 0


_BETWEEN = "\x1e"  # lines of a context, where none of them holds it


def encode_host(state: dict[str, Any]) -> bytes:
    """Write a sender's state: JSON, a line feed, then the context as it is.

    The context is most of it, and JSON would look at each of its characters.
    """
    machine = state["machine"]
    context: list[str] = machine["context"]
    text = _BETWEEN.join(context)
    if not context or text.count(_BETWEEN) >= len(context):
        return json.dumps(state).encode()
    head = {**state, "machine": {**machine, "context": None}}
    return json.dumps(head).encode() + b"\n" + text.encode("utf-8", "surrogatepass")


def decode_host(content: bytes) -> dict[str, Any]:
    """Read :func:`encode_host` back."""
    head, feed, text = content.partition(b"\n")
    state: dict[str, Any] = json.loads(head)
    if feed:
        lines = text.decode("utf-8", "surrogatepass").split(_BETWEEN)
        state["machine"]["context"] = lines
    return state
