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
BELIEVE_CLOCK_AFTER_S = 6 * 3600.0
CLOCK_STEP_S = 600.0  # more than a clock drifts between two looks
TIDY_TURNS = 50  # transactions at a time; the rest comes next time


@dataclasses.dataclass(slots=True)
class Maintenance:
    """Looks after the outbox and the archive. ``config`` changes at a reload."""

    database: Database
    clock: Clock
    config: AlerterConfig
    _attended_since: float = -ATTEND_EVERY_S
    _tidied_since: float = -TIDY_EVERY_S
    _offset: float | None = None  # of the clock on the wall to the steady one
    _steady_since: float = 0.0

    def run(self) -> bool:
        """Do what is due; tell whether there is something new to deliver.

        Raises:
            StoreError: the database cannot be used now.

        """
        now = self.clock.monotonic()
        if now - self._tidied_since >= TIDY_EVERY_S:
            self._tidied_since = now
            self.tidy(by_age=self._is_clock_steady())
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

    def _is_clock_steady(self) -> bool:
        """Return whether no clock was set for so long that it can be believed.

        A machine whose battery is empty starts in another year, and is put right
        minutes later; by then nothing may have been forgotten for its age.
        """
        steady = self.clock.monotonic()
        offset = self.clock.wall() - steady
        if self._offset is None or abs(offset - self._offset) > CLOCK_STEP_S:
            if self._offset is not None:
                extra = {"seconds": round(offset - self._offset)}
                log.warning(
                    "the clock was set: nothing is forgotten by age", extra=extra
                )
            self._offset, self._steady_since = offset, steady
        return steady - self._steady_since >= BELIEVE_CLOCK_AFTER_S

    def tidy(self, *, by_age: bool = True) -> None:
        """Give up what waits for services that are gone; forget what is old.

        Without ``by_age`` only what is too much is forgotten.
        """
        keep = self.config.retention
        now = self.clock.wall() if by_age else 0.0  # nothing is older than that
        too_old = now - 2 * self.config.limits.retry_for_s
        served = {service.key for service in self.config.services}
        with self.database.write() as connection:
            expired = outbox_care.expire(connection, served, too_old, self.clock.wall())
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
