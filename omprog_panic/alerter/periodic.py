"""What the alerter does in every cycle besides intake.

A bug in the policy or in maintenance must not stop alerting: it is logged, and the
cycle goes on.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.alerter.dispatch import readdress, report_damaged_database
from omprog_panic.errors import StoreError
from omprog_panic.store.set_aside import Step

if TYPE_CHECKING:
    from omprog_panic.alerter.maintenance import Maintenance
    from omprog_panic.alerter.policy_runner import PolicyRunner
    from omprog_panic.alerter.settings_report import SettingsReport
    from omprog_panic.alerter.setup import Setup
    from omprog_panic.clock import Clock
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class PeriodicTasks:
    """The policy's timers, maintenance, and the report on settings."""

    database: Database
    clock: Clock
    policy_runner: PolicyRunner
    maintenance: Maintenance
    report: SettingsReport
    _readdressed: bool = False
    _damage_reported: bool = False
    _policy_failure: str = ""

    def configure(self, setup: Setup) -> None:
        """Use another setup from the next cycle on."""
        config = setup.config
        self.policy_runner.configure(config.policy, config.first_services())
        self.maintenance.config = config
        self.report.refused = ()
        self._readdressed = False

    def run(self, setup: Setup) -> bool:
        """Do what is due; return whether there may be something new to deliver.

        Raises:
            StoreError: the database cannot be used now.

        """
        due = self._report_damage(setup)
        due |= self._tick()
        due |= self._readdress(setup)
        due |= self._maintain()
        self.report.update(setup)
        return due

    def _tick(self) -> bool:
        try:
            return self.policy_runner.tick(self.database)
        except StoreError:
            raise
        except Exception as error:
            if str(error) != self._policy_failure:
                self._policy_failure = str(error)
                log.exception("policy failed")
            return False

    def _report_damage(self, setup: Setup) -> bool:
        """Notify all services of a database that was set aside, once each."""
        if self._damage_reported:
            return False
        files, services = self.database.set_aside, setup.config.services
        new = [found for found in files or () if found.step is not Step.NOTIFIED]
        for found in new:
            with self.database.write() as connection:
                report_damaged_database(connection, services, found, self.clock.wall())
            if files is not None:
                files.mark_notified(found)
        self._damage_reported = True
        return bool(new)

    def _readdress(self, setup: Setup) -> bool:
        """Run once after each change of services: move deliveries of removed ones."""
        if self._readdressed:
            return False
        config = setup.config
        with self.database.write() as connection:
            keys = {service.key for service in config.services}
            now = self.clock.wall()
            count = readdress(connection, keys, config.first_services(), now)
        self._readdressed = True
        if count:
            log.info("alerts readdressed", extra={"count": count})
        return count > 0

    def _maintain(self) -> bool:
        try:
            return self.maintenance.run()
        except StoreError:
            raise
        except Exception:
            log.exception("maintenance failed")
            return False
