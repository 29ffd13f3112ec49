"""Housekeeping: fallback services, dead letters, retention."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.alerter.dispatch import report_dead_letters, stand_in
from omprog_panic.store import dead_letters, outbox, retention

if TYPE_CHECKING:
    from omprog_panic.alerter.clock_watch import ClockWatch
    from omprog_panic.clock import Clock
    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)

ESCALATE_EVERY_S = 5.0
PRUNE_EVERY_S = 600.0
PRUNE_BATCH = 200  # incidents a transaction, so that others can write soon
MAX_PRUNE_BATCHES = 50  # at a time; the rest comes next time


@dataclasses.dataclass(slots=True)
class Maintenance:
    """Takes care of the outbox and the archive. ``config`` changes at a reload."""

    database: Database
    clock: Clock
    config: AlerterConfig
    clock_watch: ClockWatch
    _escalated_since: float = -ESCALATE_EVERY_S
    _pruned_since: float = -PRUNE_EVERY_S

    def run(self) -> bool:
        """Do what is due; return whether there is something new to deliver.

        Raises:
            StoreError: the database cannot be used now.

        """
        now = self.clock.monotonic()
        if now - self._pruned_since >= PRUNE_EVERY_S:
            self._pruned_since = now
            self.prune(by_age=self.clock_watch.is_steady())
        if now - self._escalated_since >= ESCALATE_EVERY_S:
            self._escalated_since = now
            return self.escalate()
        return False

    def escalate(self) -> bool:
        """Notify fallback services of overdue alerts, and others of dead ones.

        Return whether there is something new to deliver.
        """
        now, services = self.clock.wall(), self.config.services
        standing_in = 0
        with self.database.write() as connection:
            outbox.correct_future_times(connection, now)
            for fallback in self.config.fallbacks:
                if not self.clock_watch.believes(fallback.after_s):
                    continue
                standing_in += stand_in(connection, fallback, services, now)
            reported = report_dead_letters(connection, services, now, self._name_of)
        if standing_in:
            extra = {"count": standing_in}
            log.warning("alerts sent to fallback services", extra=extra)
        if reported:
            extra = {"count": reported}
            log.error("dead alerts reported to other services", extra=extra)
        return bool(standing_in or reported)

    def _name_of(self, address: str, own_name: str | None) -> str:
        # The directory is made here, because it is rarely needed.
        return self.config.directory.name_of(address, own_name)

    def prune(self, *, by_age: bool = True) -> None:
        """Give up messages to removed services; delete what is beyond the limits.

        Without ``by_age`` only what exceeds the size limit is deleted.
        """
        limits = self.config.retention
        now = self.clock.wall() if by_age else 0.0  # nothing is older than that
        too_old = now - 2 * self.config.limits.retry_for_s
        served = {service.key for service in self.config.services}
        with self.database.write() as connection:
            given_up = dead_letters.give_up_orphaned(
                connection, served, too_old, self.clock.wall()
            )
        if given_up:
            extra = {"count": given_up}
            log.error(
                "alerts given up: their services are not configured any more",
                extra=extra,
            )
        deleted = 0
        for _ in range(MAX_PRUNE_BATCHES):
            with self.database.write() as connection:
                count = retention.prune(connection, limits, now, PRUNE_BATCH)
            deleted += count
            if not count:
                break
        if deleted:
            self.database.release_space()
            log.info("incidents deleted by retention", extra={"count": deleted})
