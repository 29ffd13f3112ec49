"""Whether the alerter has read the configuration files as they are now."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from omprog_panic.alerter.settings_report import SettingsInUse, load_settings_in_use
from omprog_panic.clock import SystemClock
from omprog_panic.config.digest import changed
from omprog_panic.errors import StoreError
from omprog_panic.store.connect import open_database

if TYPE_CHECKING:
    from omprog_panic.config.model import Paths

POLL_S = 0.05
NOT_READ = "has changed since the alerter read it"
NOT_RUNNING = "the alerter is not running"


def why_outdated(paths: Paths) -> list[str]:
    """Return why the alerter does not use the files as they are; empty: it does.

    Also empty if this user may not read the database.
    """
    try:
        with contextlib.closing(open_database(paths.database)) as database:
            if database.has_alerter() is False:
                return [NOT_RUNNING]
            database.check()
            with database.read() as connection:
                settings = load_settings_in_use(connection) or SettingsInUse()
    except StoreError:
        return []
    return [f"{file} {NOT_READ}" for file in changed(settings.files)]


def wait_until_read(paths: Paths, within_s: float) -> list[str]:
    """Wait until ``why_outdated`` is empty, at most so long; return what it is then."""
    pause, clock = threading.Event(), SystemClock()
    deadline = clock.monotonic() + within_s
    while True:
        reasons = why_outdated(paths)
        if not reasons or clock.monotonic() >= deadline:
            return reasons
        pause.wait(POLL_S)
