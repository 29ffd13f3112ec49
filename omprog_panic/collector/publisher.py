"""Publishes records into the spool, in a thread of its own.

An fsync takes milliseconds on a disk; the kernel's next records must not wait for it.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from omprog_panic.errors import SpoolError
from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import DURABLE

if TYPE_CHECKING:
    from omprog_panic.collector.publish_queue import PublishQueue
    from omprog_panic.spool.record import SpoolRecord
    from omprog_panic.spool.writer import SpoolWriter

RETRY_S = 1.0
_LOG = logging.getLogger(__name__)


class Publisher:
    """Takes records from a queue; durable ones are tried until they are published."""

    def __init__(
        self,
        writer: SpoolWriter,
        queue: PublishQueue,
        *,
        retry_s: float = RETRY_S,
    ) -> None:
        self._writer = writer
        self._queue = queue
        self._retry_s = retry_s
        self._stop = threading.Event()
        self._failing = False
        self._error = ""  # the last internal error that was logged
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Publish what waits, for at most that long, and end the thread."""
        self._queue.end()
        self._thread.join(timeout_s)
        self._stop.set()

    def _run(self) -> None:
        while (record := self._queue.next()) is not None:
            try:
                delay = not self._publish(record)
            except Exception as error:  # noqa: BLE001 - nobody else would report it
                self._log_error(error)
                self._queue.failed(record)
                delay = True
            if delay and self._stop.wait(self._retry_s):
                return

    def _log_error(self, error: Exception) -> None:
        # Once, not for each attempt; the counters have the number.
        if repr(error) != self._error:
            self._error = repr(error)
            _LOG.exception("internal error, please report it")

    def _publish(self, record: SpoolRecord) -> bool:
        """Publish a record; return False if a durable one must wait."""
        durable = isinstance(record, DURABLE)
        if not self._write(record, encode(record), durable=durable):
            self._queue.refused(record)
            return not durable
        if durable:
            self._queue.published(record)
        self._writer.wake_reader()
        return True

    def _write(self, record: SpoolRecord, content: bytes, *, durable: bool) -> bool:
        # Sources that anybody can forge must leave some of the spool free.
        first = self._queue.has_precedence(record)
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
