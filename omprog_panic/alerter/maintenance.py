"""What has to be done now and then, besides taking in and delivering."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.alerter.dispatch import stand_in, tell_of_deaths
from omprog_panic.store import outbox_care, retention

if TYPE_CHECKING:
    from omprog_panic.clock import Clock
    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)

ATTEND_EVERY_S = 5.0  # to what nobody takes
TIDY_EVERY_S = 600.0
TIDY_ROWS = 200  # incidents a transaction: nobody waits long for its lock
TIDY_TURNS = 50  # transactions at a time; the rest comes next time


@dataclasses.dataclass(slots=True)
class Maintenance:
    """Looks after the outbox and the archive. ``config`` changes at a reload."""

    database: Database
    clock: Clock
    config: AlerterConfig
    _attended_since: float = -ATTEND_EVERY_S
    _tidied_since: float = -TIDY_EVERY_S

    def run(self) -> bool:
        """Do what is due; tell whether there is something new to deliver.

        Raises:
            StoreError: the data base cannot be used now.

        """
        now = self.clock.monotonic()
        if now - self._tidied_since >= TIDY_EVERY_S:
            self._tidied_since = now
            self.tidy()
        if now - self._attended_since >= ATTEND_EVERY_S:
            self._attended_since = now
            return self.attend()
        return False

    def attend(self) -> bool:
        """See to what is not taken: second services, and news of dead alerts."""
        now, services = self.clock.wall(), self.config.services
        standing_in = told = 0
        with self.database.write() as connection:
            outbox_care.mend_times(connection, now)
            for fallback in self.config.fallbacks:
                standing_in += stand_in(connection, fallback, services, now)
            told = tell_of_deaths(connection, services, now)
        if standing_in:
            log.warning("second services are told", extra={"count": standing_in})
        if told:
            log.error("other services are told of dead alerts", extra={"count": told})
        return bool(standing_in or told)

    def tidy(self) -> None:
        """Give up what waits for services that are gone; forget what is old."""
        now, keep = self.clock.wall(), self.config.retention
        too_old = now - 2 * self.config.limits.retry_for_s
        served = {service.key for service in self.config.services}
        with self.database.write() as connection:
            expired = outbox_care.expire(connection, served, too_old, now)
        if expired:
            extra = {"count": expired}
            log.error("alerts given up: their services are gone", extra=extra)
        forgotten = 0
        for _ in range(TIDY_TURNS):
            with self.database.write() as connection:
                count = retention.forget(connection, keep, now, TIDY_ROWS)
            forgotten += count
            if not count:
                break
        if forgotten:
            self.database.shrink()
            log.info("forgotten by age or size", extra={"incidents": forgotten})
