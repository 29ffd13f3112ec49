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

from omprog_panic.collector.address import Address
from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.envelope import parse_envelope
from omprog_panic.collector.journal import (
    ALLOWED,
    HOST,
    KNOWN,
    LINES,
    NEWEST,
    PUBLISHED,
    RESTARTED,
    STATE,
    Journal,
)
from omprog_panic.errors import MalformedEnvelopeError
from omprog_panic.spool.record import DURABLE

if TYPE_CHECKING:
    from omprog_panic.collector.journal import Entry
    from omprog_panic.collector.pipeline import Pipeline
    from omprog_panic.spool.record import SpoolRecord

REPEATS = 1024  # newest lines that rsyslogd may send again after a restart
_HOSTS_AT_ONCE = 8
# Between two carries stands at least so much of lines, and at least twice what the
# states took; and never more than can be read back within a few seconds.
# A sender that waits for holes or bursts without end is decided about after so long,
# or it would keep all old segments.
SETTLE_AFTER_S = 10.0
MIN_LINES_BYTES = 16 * 1024 * 1024
MAX_LINES_BYTES = 48 * 1024 * 1024


class Recovery:
    """Rebuilds a pipeline from the journal.

    ``records`` are the spool records that the replay yields and that were not
    published before: what a killed collector had closed, but not yet handed over.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._awaited: set[str] = set()
        self._begun = False
        self._newest: deque[bytes] = deque(maxlen=REPEATS)
        self._published: set[str] = set()
        self._built: dict[str, SpoolRecord] = {}
        self.now = 0.0
        self.entries = 0
        self.newest: list[bytes] = []
        self.lines_bytes = 0  # of lines since the last carry began

    def run(self, journal: Journal) -> list[SpoolRecord]:
        """Replay everything; afterwards ``now`` is the pipeline's last moment."""
        for entry in journal.recover():
            self.entries += 1
            self._take(entry)
        self._pipeline.expect_repeats(self._newest)
        self.newest = list(self._newest)
        return [
            record
            for record in self._built.values()
            if record.id not in self._published and isinstance(record, DURABLE)
        ]

    def _take(self, entry: Entry) -> None:
        self._begun = self._begun or entry.kind == KNOWN
        if not self._begun:
            # Whoever deleted the older segments was killed before it came to this.
            return
        self._pass_time(entry.now)
        self._take_content(entry)

    def _take_content(self, entry: Entry) -> None:
        if entry.kind == LINES:
            self.lines_bytes += len(entry.content)
            self._lines(entry.content)
        elif entry.kind == PUBLISHED:
            name = entry.content.decode("ascii", "replace")
            self._published.add(name)
            self._pipeline.remember_published(name)
        elif entry.kind == HOST:
            self._host(decode_host(entry.content))
        elif entry.kind == KNOWN:
            unknown = set(json.loads(entry.content)) - set(self._pipeline.senders)
            self._awaited = unknown
            self.lines_bytes = 0
        elif entry.kind == NEWEST:
            if not self._newest:
                self._newest.extend(entry.content.split(b"\n"))
        elif entry.kind == RESTARTED:
            # As that run did when it began.
            self._pipeline.expect_repeats(self._newest)
        else:
            self._take_more(entry)

    def _take_more(self, entry: Entry) -> None:
        """Take what is no line and no one sender's; a kind of later runs is none."""
        if entry.kind == ALLOWED:
            networks = AllowedNetworks(json.loads(entry.content))
            self._pipeline.allow(networks, self.now)
            self._keep_records()
        elif entry.kind == STATE:
            for name in json.loads(entry.content)["known"]:
                self._published.add(name)
                self._pipeline.remember_published(name)

    def _pass_time(self, now: float) -> None:
        """Close what was closed by time alone before this entry was written."""
        self.now = max(self.now, now)
        self._pipeline.tick(self.now)
        self._keep_records()

    def _keep_records(self) -> None:
        for record in self._pipeline.take():
            self._built[record.id] = record

    def _lines(self, content: bytes) -> None:
        lines = content.split(b"\n")
        self._newest.extend(lines)
        if self._awaited:
            lines = [line for line in lines if not self._is_awaited(line)]
            content = b"\n".join(lines)
        if lines:
            self._pipeline.feed(content, self.now)
        self._keep_records()

    def _is_awaited(self, line: bytes) -> bool:
        # Its state, which holds this line, comes later in the same segment.
        try:
            return parse_envelope(line).ip in self._awaited
        except MalformedEnvelopeError:
            return False

    def _host(self, state: dict[str, Any]) -> None:
        ip = str(state["ip"])
        self._awaited.discard(ip)
        self._pipeline.settle(ip, self.now)
        self._keep_records()
        if len(state) == 1:
            self._pipeline.drop(ip)
            return
        sender = Address(self._pipeline.trace_limits)
        sender.load(state)
        self._pipeline.adopt(ip, sender)


class Carrier:
    """Carries the pipeline's state into each new segment, a few senders at a time."""

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
        self._left: deque[str] = deque()
        self._keep_from = 0
        self._waits_for: set[str] = set()
        self._since = 0.0
        self._state_bytes = 0
        # Bytes of lines since the last carry began.
        self.lines_bytes = 0
        # Chunks of lines, with the number of lines in each: the newest REPEATS lines.
        self._newest: deque[tuple[bytes, int]] = deque()
        self._newest_lines = 0

    def restarted(self, now: float) -> None:
        """Note in the segment just begun that this is another run."""
        self._journal.append(RESTARTED, b"-", now, carry=True)

    def resume(self, now: float, lines_bytes: int) -> bool:
        """Go on in the newest segment where the run before left more than one.

        It could not let the others go, perhaps because the spool was blocked; a
        further segment for each restart would fill the disk.
        """
        if self._journal.segments < 2 or not self._journal.resume():
            return False
        allowed = json.dumps(self._pipeline.allowed.texts()).encode()
        self._journal.append(ALLOWED, allowed, now, carry=True)
        self.lines_bytes = lines_bytes
        return True

    def took(self, chunk: bytes, count: int) -> None:
        """Note that so many lines went into the journal."""
        self.remember(chunk, count)
        self.lines_bytes += len(chunk)

    def remember(self, chunk: bytes, count: int) -> None:
        """Keep lines that rsyslogd may send again: all of the newest, and few more."""
        newest = self._newest
        newest.append((chunk, count))
        self._newest_lines += count
        while self._newest_lines - newest[0][1] >= REPEATS:
            self._newest_lines -= newest.popleft()[1]

    def begin(self, now: float, unpublished: set[str]) -> None:
        """Begin a segment. Raises JournalError when there is no room for one."""
        names = list(self._pipeline.senders)
        known = {"known": [n for n in self._pipeline.known if n not in unpublished]}
        allowed = json.dumps(self._pipeline.allowed.texts()).encode()
        entries = [(KNOWN, json.dumps(names).encode()), (ALLOWED, allowed)]
        if self._newest:
            newest = b"\n".join(chunk for chunk, _ in self._newest)
            entries.append((NEWEST, newest))
        entries.append((STATE, json.dumps(known).encode()))
        # In one segment, or the second of them may find no room.
        sizes = [self._journal.size_of(content) for _, content in entries]
        self._journal.rotate(sum(sizes), carry=True)
        for kind, content in entries:
            self._journal.append(kind, content, now)
        self._state_bytes = self.lines_bytes = 0
        self._keep_from = self._journal.current
        self._waits_for = unpublished
        self._since = now
        self._left = deque(names)

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
        pipeline = self._pipeline
        if self._left:
            # What was closed before a state was written is not in that state.
            self._waits_for = unpublished
        for _ in range(min(_HOSTS_AT_ONCE, len(self._left))):
            ip = self._left[0]
            sender = pipeline.senders.get(ip)
            if sender is not None and sender.undecided:
                if now - self._since < self._settle_after_s:
                    self._left.rotate(-1)
                    continue
                pipeline.settle(ip, now)
            # A sender that was evicted meanwhile has no state, which must be known too.
            state = {} if sender is None else sender.dump()
            content = encode_host({"ip": ip, **state})
            self._journal.append(HOST, content, now, carry=True)
            self._left.popleft()
            self._state_bytes += len(content)
        if self._left or pipeline.has_records:
            return
        self._waits_for &= unpublished
        if not self._waits_for and self._keep_from:
            self._journal.forget_before(self._keep_from)
            self._keep_from = 0


_BETWEEN = "\x1e"  # lines of a context, where none of them holds it


def encode_host(state: dict[str, Any]) -> bytes:
    """Write a sender's state: JSON, a line feed, then the context as it is.

    The context is most of it, and JSON would look at each of its characters.
    """
    if "timeline" not in state:
        return json.dumps(state).encode()
    timeline: dict[str, Any] = state["timeline"]
    context: list[str] = timeline["machine"]["context"]
    text = _BETWEEN.join(context)
    if not context or text.count(_BETWEEN) >= len(context):
        return json.dumps(state).encode()
    machine = {**timeline["machine"], "context": None}
    head = {**state, "timeline": {**timeline, "machine": machine}}
    return json.dumps(head).encode() + b"\n" + text.encode("utf-8", "surrogatepass")


def decode_host(content: bytes) -> dict[str, Any]:
    """Read :func:`encode_host` back."""
    head, feed, text = content.partition(b"\n")
    state: dict[str, Any] = json.loads(head)
    if feed:
        lines = text.decode("utf-8", "surrogatepass").split(_BETWEEN)
        state["timeline"]["machine"]["context"] = lines
    return state
