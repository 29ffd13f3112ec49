"""Takes records from the loop and puts them into the spool, in a thread.

An fsync takes milliseconds on a disk; the kernel's next words must not wait for it.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from typing import TYPE_CHECKING

from omprog_panic.errors import SpoolError
from omprog_panic.spool.record import BootRecord, IncidentRecord, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.spool.record import SpoolRecord
    from omprog_panic.spool.writer import SpoolWriter

RETRY_S = 1.0
# Life signs and counters that wait; more are dropped and counted. They come
# again, but a flood of forged senders would have the file system busy for minutes.
MAX_LIFE_SIGNS = 1024
_LOG = logging.getLogger(__name__)


class Publisher:
    """One thread, incidents first; what the spool refuses of them is tried for ever.

    ``done`` receives the names of incidents that are in their place; the loop
    fetches them to write them into the journal.
    """

    def __init__(
        self,
        writer: SpoolWriter,
        sync_journal: Callable[[], None],
        *,
        retry_s: float = RETRY_S,
    ) -> None:
        self._writer = writer
        self._sync_journal = sync_journal
        self._retry_s = retry_s
        # One token for each record in the two queues below; None: stop.
        self._tokens: queue.SimpleQueue[bool | None] = queue.SimpleQueue()
        self._incidents: deque[SpoolRecord] = deque()
        self._life_signs: deque[SpoolRecord] = deque()
        self.dropped = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._done: list[str] = []
        self._pending: set[str] = set()
        self._failing = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def submit(self, records: list[SpoolRecord]) -> None:
        """Hand records over."""
        for record in records:
            if isinstance(record, IncidentRecord):
                with self._lock:
                    self._pending.add(record.id)
                self._incidents.append(record)
            elif isinstance(record, BootRecord):
                self._incidents.append(record)  # maybe a crash that said nothing
            elif len(self._life_signs) < MAX_LIFE_SIGNS:
                self._life_signs.append(record)
            else:
                self.dropped += 1
                continue
            self._tokens.put(True)

    @property
    def busy(self) -> bool:
        """Whether there will be names for :meth:`take_done` to give."""
        return bool(self._pending or self._done)

    def unpublished(self) -> set[str]:
        """Return the names of incidents that are not in the spool yet."""
        with self._lock:
            return set(self._pending)

    def take_done(self) -> list[str]:
        """Return the names of incidents published since the last call."""
        if not self._done:
            return []
        with self._lock:
            done, self._done = self._done, []
        return done

    def stop(self, timeout_s: float) -> None:
        """Publish what waits, for at most that long."""
        self._tokens.put(None)
        self._thread.join(timeout_s)
        self._stop.set()

    def _run(self) -> None:
        while self._tokens.get():
            waiting = self._incidents or self._life_signs
            if not self._publish(waiting.popleft()):
                return

    def _publish(self, record: SpoolRecord) -> bool:
        durable = isinstance(record, IncidentRecord)
        content = encode(record)
        while not self._try(record, content, durable=durable):
            if not durable:
                return True  # a life sign comes again
            if self._stop.wait(self._retry_s):
                return False
        if durable:
            with self._lock:
                self._pending.discard(record.id)
                self._done.append(record.id)
        self._writer.wake_reader()
        return True

    def _try(self, record: SpoolRecord, content: bytes, *, durable: bool) -> bool:
        try:
            self._writer.publish(f"{record.id}.json", content, durable=durable)
        except SpoolError as error:
            if not self._failing:
                _LOG.error("spool cannot be written", extra={"reason": str(error)})
            self._failing = True
            return False
        if self._failing:
            _LOG.info("spool can be written again")
        self._failing = False
        return True
