"""Records that wait to be published, the most important first. Thread-safe."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING

from omprog_panic.spool.record import DURABLE, BootRecord, IncidentRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.spool.record import SpoolRecord

MAX_WAITING = 1024  # signs of life and counters; further ones are left out


class PublishQueue:
    """Between the loop, which submits records, and the thread that publishes them.

    Incidents go first, then boots, then the rest. Among the incidents those of sources
    that are listed by their own address go first: whoever forges addresses of a listed
    network does not delay them. Of signs of life and counters at most MAX_WAITING wait:
    a flood of new sources must not stand between a panic and its alert.
    """

    def __init__(self, *, is_named: Callable[[str], bool]) -> None:
        self._is_named = is_named
        self._named: deque[SpoolRecord] = deque()
        self._incidents: deque[SpoolRecord] = deque()
        self._boots: deque[SpoolRecord] = deque()
        self._others: deque[SpoolRecord] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._pending: set[str] = set()
        self._done: list[str] = []
        self._counts: Counter[str] = Counter()

    # --- the loop's side -----------------------------------------------------

    def submit(self, records: list[SpoolRecord]) -> None:
        """Add records."""
        with self._changed:
            for record in records:
                if isinstance(record, DURABLE):
                    self._pending.add(record.id)
                    self._queue_of(record).append(record)
                elif len(self._others) < MAX_WAITING:
                    self._others.append(record)
                else:
                    self._counts["left_out_life_signs"] += 1
            self._changed.notify()

    def end(self) -> None:
        """Let :meth:`next` return None once nothing waits."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    @property
    def busy(self) -> bool:
        """Whether there are or will be ids for :meth:`take_done`."""
        return bool(self._pending or self._done)

    def unpublished(self) -> set[str]:
        """Return the ids of durable records that are not in the spool yet."""
        with self._changed:
            return set(self._pending)

    def take_done(self) -> list[str]:
        """Return the ids of durable records published since the last call."""
        if not self._done:
            return []
        with self._changed:
            done, self._done = self._done, []
        return done

    def take_counts(self) -> dict[str, int]:
        """Return what was counted since the last call: errors, what was left out."""
        if not self._counts:
            return {}
        with self._changed:
            counts, self._counts = dict(self._counts), Counter()
        return counts

    # --- the thread's side ---------------------------------------------------

    def next(self) -> SpoolRecord | None:
        """Wait for a record, and remove it; None: the end."""
        with self._changed:
            while True:
                waiting = self._named or self._incidents or self._boots or self._others
                if waiting:
                    return waiting.popleft()
                if self._ended:
                    return None
                self._changed.wait()

    def published(self, record: SpoolRecord) -> None:
        """Note that a durable record is in the spool."""
        with self._changed:
            self._pending.discard(record.id)
            self._done.append(record.id)

    def refused(self, record: SpoolRecord) -> None:
        """Take back a record that the spool refused: only durable ones wait."""
        with self._changed:
            if isinstance(record, DURABLE):
                # To its place: one of a named source may go before it.
                self._queue_of(record).appendleft(record)
            else:  # the next one replaces it
                self._counts["left_out_life_signs"] += 1

    def failed(self, record: SpoolRecord) -> None:
        """Take back a record that met an internal error: the others go first.

        Without this one record would end publishing for good, without a message.
        """
        with self._changed:
            self._counts["publisher_faults"] += 1
            # Not if it is published already: then only waking the reader failed.
            if record.id in self._pending:
                self._queue_of(record).append(record)

    def has_precedence(self, record: SpoolRecord) -> bool:
        """Return whether this is the incident of a source listed by its address."""
        return isinstance(record, IncidentRecord) and self._is_named(record.source)

    def _queue_of(self, record: SpoolRecord) -> deque[SpoolRecord]:
        if isinstance(record, BootRecord):
            return self._boots
        return self._named if self.has_precedence(record) else self._incidents
