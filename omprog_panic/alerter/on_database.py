"""The parts of the alerter that work on one database; built anew for another one."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.alerter.clock_watch import ClockWatch
from omprog_panic.alerter.intake import Intake
from omprog_panic.alerter.maintenance import Maintenance
from omprog_panic.alerter.periodic import PeriodicTasks
from omprog_panic.alerter.policy_runner import PolicyRunner
from omprog_panic.alerter.probe import send_probe
from omprog_panic.alerter.settings_report import SettingsReport
from omprog_panic.alerter.workers import DeliveryWorkers, lease_owner
from omprog_panic.kernel.analysis import analyze_trace
from omprog_panic.store import outbox

if TYPE_CHECKING:
    from omprog_panic.alerter.event import EventSink
    from omprog_panic.alerter.setup import Setup
    from omprog_panic.clock import Clock
    from omprog_panic.spool.reader import SpoolReader
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class OnDatabase:
    """Intake, periodic tasks and delivery on one database."""

    database: Database
    clock: Clock
    intake: Intake
    periodic: PeriodicTasks
    workers: DeliveryWorkers
    is_open: bool = False

    def open(self, setup: Setup) -> None:
        """Check the database, create it if it is missing, and start to deliver.

        Raises:
            StoreDamagedError: it is damaged.
            StoreError: it cannot be used, or a newer program made it.

        """
        self.database.create()
        self.database.check_soundness()
        with self.database.write() as connection:
            # We have the lock, so the previous holder of these leases is gone.
            now = self.clock.wall()
            released = outbox.release_leases(connection, lease_owner(), now)
        if released:
            extra = {"count": released}
            log.warning("sending interrupted deliveries again", extra=extra)
        self.workers.start(setup)
        self.is_open = True

    def configure(self, setup: Setup) -> None:
        """Use another setup from now on."""
        self.periodic.configure(setup)
        if self.is_open:
            self.workers.start(setup)


def build_on(
    database: Database, setup: Setup, spool: SpoolReader, clock: Clock, emit: EventSink
) -> OnDatabase:
    """Build the parts; nothing is opened yet."""
    config, clock_watch = setup.config, ClockWatch(clock)
    policy_runner = PolicyRunner(
        clock, config.policy, config.first_services(), send_probe
    )
    return OnDatabase(
        database=database,
        clock=clock,
        intake=Intake(
            spool=spool,
            database=database,
            analyze=analyze_trace,
            clock=clock,
            runner=policy_runner,
            emit=emit,
        ),
        periodic=PeriodicTasks(
            database=database,
            clock=clock,
            policy_runner=policy_runner,
            maintenance=Maintenance(database, clock, config, clock_watch),
            report=SettingsReport(database, clock),
        ),
        workers=DeliveryWorkers(database, clock, clock_watch, emit),
    )
