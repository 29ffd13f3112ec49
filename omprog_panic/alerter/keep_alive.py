"""Repeats what is open at a service that would otherwise take it for over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from omprog_panic.store.threads import open_threads

if TYPE_CHECKING:
    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Service
    from omprog_panic.sinks.sink import KeepAliveSink
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)


class KeepAlive:
    """Keeps alive what is open at one service, from the start on."""

    def __init__(
        self, service: Service, sink: KeepAliveSink, database: Database, clock: Clock
    ) -> None:
        self._service = service
        self._sink = sink
        self._database = database
        self._clock = clock
        self._due_at = clock.monotonic()
        self._reason = ""

    def step(self) -> float:
        """Repeat it if it is time; return after how many seconds it is next.

        Raises:
            StoreError: the database cannot be read now; it is tried again at the next
                step.

        """
        wait = self._due_at - self._clock.monotonic()
        if wait > 0:
            return wait
        with self._database.read() as connection:
            threads = open_threads(connection, self._service.key)
        self._due_at = self._clock.monotonic() + self._sink.keep_alive_every_s
        contents = [one.content for one in threads if one.content is not None]
        if contents:
            outcome = self._sink.keep_alive(contents)
            if outcome.reason != self._reason and outcome.reason:
                fields = {"service": self._service.label, "reason": outcome.reason}
                log.warning("open alerts not kept alive", extra=fields)
            self._reason = outcome.reason
        return max(0.0, self._due_at - self._clock.monotonic())
