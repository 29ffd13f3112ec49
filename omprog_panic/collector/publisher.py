"""Takes records from the loop and puts them into the spool, in a thread.

An fsync takes milliseconds on a disk; the kernel's next words must not wait for it.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING

from omprog_panic.errors import SpoolError
from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import DURABLE, BootRecord, IncidentRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.spool.record import SpoolRecord
    from omprog_panic.spool.writer import SpoolWriter

RETRY_S = 1.0
MAX_WAITING = 1024  # life signs and sums; a further one is left out, the next comes
_LOG = logging.getLogger(__name__)


class Publisher:
    """One thread; incidents go first, then boots, and both are tried for ever.

    Of the incidents those of senders that are listed by their own address go first:
    whoever forges addresses of a listed network stands in nobody's way.

    The rest is given up when the spool refuses it, or when MAX_WAITING records wait:
    a flood of new senders must not stand between a panic and its alert. The names of
    what is in its place are fetched by the loop, which writes them into the journal.
    """

    def __init__(
        self,
        writer: SpoolWriter,
        *,
        retry_s: float = RETRY_S,
        is_named: Callable[[str], bool] = lambda _source: True,
    ) -> None:
        self._writer = writer
        self._retry_s = retry_s
        self._is_named = is_named
        self._named: deque[SpoolRecord] = deque()
        self._incidents: deque[SpoolRecord] = deque()
        self._boots: deque[SpoolRecord] = deque()
        self._others: deque[SpoolRecord] = deque()
        self._ending = False
        self._stop = threading.Event()
        self._lock = threading.Condition()
        self._done: list[str] = []
        self._pending: set[str] = set()
        self._failing = False
        self._fault = ""  # the last one that was logged
        self._counts: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def submit(self, records: list[SpoolRecord]) -> None:
        """Hand records over."""
        with self._lock:
            for record in records:
                if isinstance(record, DURABLE):
                    self._pending.add(record.id)
                    self._queue_of(record).append(record)
                elif len(self._others) < MAX_WAITING:
                    self._others.append(record)
                else:
                    self._counts["left_out_life_signs"] += 1
            self._lock.notify()

    def _queue_of(self, record: SpoolRecord) -> deque[SpoolRecord]:
        if isinstance(record, BootRecord):
            return self._boots
        return self._named if self._goes_first(record) else self._incidents

    def _goes_first(self, record: SpoolRecord) -> bool:
        return isinstance(record, IncidentRecord) and self._is_named(record.source)

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

    def take_counts(self) -> dict[str, int]:
        """Return what was counted since the last call: faults, what was left out."""
        if not self._counts:
            return {}
        with self._lock:
            counts, self._counts = dict(self._counts), Counter()
        return counts

    def stop(self, timeout_s: float) -> None:
        """Publish what waits, for at most that long."""
        with self._lock:
            self._ending = True
            self._lock.notify()
        self._thread.join(timeout_s)
        self._stop.set()

    def _run(self) -> None:
        while True:
            record = self._next()
            if record is None:
                return
            try:
                going = self._publish(record)
            except Exception as error:  # noqa: BLE001 - nobody else would hear of it
                self._say_fault(error)
                going = self._put_back(record)
            if not going:
                return

    def _say_fault(self, error: Exception) -> None:
        # Once, not at each try; the counters tell how many there were.
        if repr(error) != self._fault:
            self._fault = repr(error)
            _LOG.exception("a fault of ours, please report it")

    def _put_back(self, record: SpoolRecord) -> bool:
        """After a fault of ours: let the others pass, and try again after a while.

        Without this one record would end publishing for good, and without a word.
        """
        with self._lock:
            self._counts["publisher_faults"] += 1
            # Not what was published already: only waking the reader failed then.
            if record.id in self._pending:
                self._queue_of(record).append(record)
        return not self._stop.wait(self._retry_s)

    def _next(self) -> SpoolRecord | None:
        with self._lock:
            while True:
                waiting = self._named or self._incidents or self._boots or self._others
                if waiting:
                    return waiting.popleft()
                if self._ending:
                    return None
                self._lock.wait()

    def _publish(self, record: SpoolRecord) -> bool:
        """Return whether to go on; False: told to stop while the spool was blocked."""
        durable = isinstance(record, DURABLE)
        if not self._try(record, encode(record), durable=durable):
            with self._lock:
                if durable:
                    # Back into its place: one of a named sender may go before it.
                    self._queue_of(record).appendleft(record)
                else:  # a life sign comes again
                    self._counts["left_out_life_signs"] += 1
            return not (durable and self._stop.wait(self._retry_s))
        if durable:
            with self._lock:
                self._pending.discard(record.id)
                self._done.append(record.id)
        self._writer.wake_reader()
        return True

    def _try(self, record: SpoolRecord, content: bytes, *, durable: bool) -> bool:
        # Whom anybody can forge may fill the spool, but not to the brim.
        first = self._goes_first(record)
        name = f"{record.id}.json"
        try:
            self._writer.publish(name, content, durable=durable, use_reserve=first)
        except SpoolError as error:
            if not self._failing:
                _LOG.error("spool cannot be written", extra={"reason": str(error)})
            self._failing = True
            return False
        if self._failing and not first:
            _LOG.info("spool can be written again")
            self._failing = False
        return True
