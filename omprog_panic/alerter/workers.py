"""The delivery workers: one thread for each service, replaced at a reload."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from omprog_panic.alerter.compose import Composer
from omprog_panic.alerter.delivery import DeliveryAgent, DeliverySetup, Worker
from omprog_panic.alerter.keep_alive import KeepAlive
from omprog_panic.sinks.backoff import Backoff
from omprog_panic.sinks.deadline import DeadlineSink
from omprog_panic.sinks.registry import open_sink
from omprog_panic.sinks.sink import KeepAliveSink
from omprog_panic.store.outbox import Lease

if TYPE_CHECKING:
    from omprog_panic.alerter.clock_watch import ClockWatch
    from omprog_panic.alerter.event import EventSink
    from omprog_panic.alerter.setup import Setup
    from omprog_panic.clock import Clock
    from omprog_panic.store.connect import Database

LEASE_MARGIN_S = 30.0  # above the delivery timeout: recording the outcome takes time


def lease_owner() -> str:
    """Return the name under which this machine leases deliveries."""
    return os.uname().nodename


class DeliveryWorkers:
    """Starts, wakes and stops the workers of a setup."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        clock_watch: ClockWatch,
        emit: EventSink,
    ) -> None:
        self._database = database
        self._clock = clock
        self._clock_watch = clock_watch
        self._emit = emit
        self._workers: list[Worker] = []

    def start(self, setup: Setup) -> None:
        """Start the workers of a setup; those of an earlier one are stopped."""
        for worker in self._workers:
            worker.stop()  # ends after the message that it is sending; leases stay
        delivery = self._delivery_setup(setup)
        timeout_s = setup.config.limits.delivery_timeout_s
        self._workers = []
        for service in setup.config.services:
            sink, keeper = open_sink(service), None
            if isinstance(sink, KeepAliveSink):
                keeper = KeepAlive(service, sink, self._database, self._clock)
            agent = DeliveryAgent(service, DeadlineSink(sink, timeout_s), delivery)
            worker = Worker(agent, service.key, keeper)
            worker.start()
            self._workers.append(worker)

    def wake(self) -> None:
        """Make every worker look for new deliveries."""
        for worker in self._workers:
            worker.wake()

    def stop(self, within_s: float) -> None:
        """Stop every worker; wait at most so long for messages that are being sent."""
        for worker in self._workers:
            worker.stop()
        deadline = self._clock.monotonic() + within_s
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._clock.monotonic()))

    def threads(self) -> tuple[Worker, ...]:
        """Return the workers of the current setup."""
        return tuple(self._workers)

    def _delivery_setup(self, setup: Setup) -> DeliverySetup:
        limits, name_of = setup.config.limits, setup.config.directory.name_of
        backoff = Backoff(limits.retry_first_s, limits.retry_max_s)
        lease_s = limits.delivery_timeout_s + LEASE_MARGIN_S
        return DeliverySetup(
            database=self._database,
            compose=Composer(self._database, setup.templates, name_of),
            clock=self._clock,
            clock_watch=self._clock_watch,
            lease=Lease(lease_owner(), lease_s, max(lease_s, backoff.longest_s())),
            backoff=backoff,
            retry_for_s=limits.retry_for_s,
            chance=random.random,
            emit=self._emit,
        )
