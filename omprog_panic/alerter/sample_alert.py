"""A marked sample through the outbox, as ``omprog-panic test-alert`` sends it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from omprog_panic.alerter.dispatch import notify_test
from omprog_panic.alerter.lock import is_running
from omprog_panic.clock import SystemClock
from omprog_panic.errors import OmprogPanicError
from omprog_panic.spool.writer import SpoolWriter
from omprog_panic.store.connect import Database
from omprog_panic.store.notification_log import deliveries_of
from omprog_panic.store.outbox import OPEN

if TYPE_CHECKING:
    from omprog_panic.alerter.assemble import Setup

LOOK_AGAIN_S = 0.05


def send_test(setup: Setup, timeout_s: float) -> list[dict[str, Any]]:
    """Put a sample into the outbox and wait; give what became of it, by service.

    Raises:
        OmprogPanicError: nobody is there to deliver it, or the store is in trouble.

    """
    paths, clock = setup.config.paths, SystemClock()
    if not is_running(paths.database):
        raise OmprogPanicError(
            "the alerter does not run: start it (systemctl start omprog-panic)"
        )
    database = Database(paths.database)
    try:
        database.check()
        with database.write() as connection:
            services = setup.config.services
            notification_id = notify_test(connection, services, clock.wall())
        SpoolWriter(paths.spool).wake_reader()
        return _wait(database, notification_id, clock.monotonic() + timeout_s)
    finally:
        database.close()


def _wait(
    database: Database, notification_id: str, deadline: float
) -> list[dict[str, Any]]:
    pause, clock = threading.Event(), SystemClock()
    while True:
        with database.read() as connection:
            rows = deliveries_of(connection, notification_id)
        open_rows = [row for row in rows if row.state in OPEN]
        # One that failed is tried again later; the first answer is what is asked for.
        asked = [row for row in open_rows if row.last_reason is None]
        if not asked or clock.monotonic() >= deadline:
            return [dict(row._mapping) for row in rows]  # noqa: SLF001 - its public name
        pause.wait(LOOK_AGAIN_S)
