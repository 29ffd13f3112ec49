"""Says which settings are in use, and what is wrong with them.

Faults go to the log; ``status`` and others read all of it in the store.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from typing import TYPE_CHECKING

from omprog_panic.clock import SystemClock
from omprog_panic.config.digest import changed
from omprog_panic.errors import StoreError
from omprog_panic.store.connect import open_database
from omprog_panic.store.latest import load_latest, store_latest

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from omprog_panic.alerter.setup import Setup
    from omprog_panic.clock import Clock
    from omprog_panic.config.model import Paths
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)

LATEST_NAME = "settings"
VERSION = 1
LOOK_AGAIN_S = 0.05
NOT_READ = "has changed since the alerter read it"
NOT_RUNNING = "it does not run"


@dataclasses.dataclass(frozen=True, slots=True)
class SettingsInUse:
    """What the alerter goes by.

    ``templates``: faults; the shipped ones are used in their place. ``reload``: why the
    last reload was refused; the configuration before it is in use. ``files``: digests
    of what was read, by path (see config/digest.py). ``services``: their keys.
    """

    templates: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    services: tuple[str, ...] = ()


def settings_to_json(settings: SettingsInUse) -> str:
    """Return the text that is stored; ``settings_from_json`` reads it."""
    return json.dumps(
        {
            "version": VERSION,
            "templates": settings.templates,
            "reload": settings.reload,
            "files": settings.files,
            "services": settings.services,
        }
    )


def settings_from_json(text: str) -> SettingsInUse | None:
    """Parse what was stored; None: another version of the alerter wrote it."""
    body = json.loads(text)
    if body.get("version") != VERSION:
        return None
    return SettingsInUse(
        templates=tuple(body["templates"]),
        reload=tuple(body["reload"]),
        files=dict(body["files"]),
        services=tuple(body["services"]),
    )


def load_settings_in_use(connection: Connection) -> SettingsInUse | None:
    """Return what the alerter uses; None: it has not said so yet."""
    found = load_latest(connection, LATEST_NAME)
    return None if found is None else settings_from_json(found.content)


def why_behind(paths: Paths) -> list[str]:
    """Say why the alerter does not go by the files as they are; empty: it does.

    Says nothing where this user may not look.
    """
    database = open_database(paths.database)
    try:
        if not database.has_alerter():
            return [NOT_RUNNING]
        database.check()
        with database.read() as connection:
            settings = load_settings_in_use(connection) or SettingsInUse()
        return [f"{file} {NOT_READ}" for file in changed(settings.files)]
    except StoreError:
        return []
    finally:
        database.close()


def wait_until_read(paths: Paths, within_s: float) -> list[str]:
    """Return what ``why_behind`` says: nothing, as soon as that is so."""
    pause, clock = threading.Event(), SystemClock()
    deadline = clock.monotonic() + within_s
    while True:
        reasons = why_behind(paths)
        if not reasons or clock.monotonic() >= deadline:
            return reasons
        pause.wait(LOOK_AGAIN_S)


@dataclasses.dataclass(slots=True)
class SettingsReport:
    """Remembers what it has told. ``refused`` is set by a reload."""

    database: Database
    clock: Clock
    refused: tuple[str, ...] = ()
    _told: SettingsInUse | None = None

    def tell(self, setup: Setup) -> None:
        """Return what has changed since the last time, found by checks or by alerts.

        Raises:
            StoreError: the database cannot be written now; tell it again later.

        """
        templates = list(setup.template_faults)
        for failure in list(setup.templates.failures):
            # The check has said the same, with the remedy behind it.
            if not any(fault.startswith(failure) for fault in templates):
                templates.append(failure)
        now = SettingsInUse(
            tuple(templates),
            self.refused,
            dict(setup.files),
            tuple(service.key for service in setup.config.services),
        )
        if now == self._told:
            return
        with self.database.write() as connection:
            store_latest(
                connection, LATEST_NAME, settings_to_json(now), self.clock.wall()
            )
        before = () if self._told is None else self._told.templates
        self._told = now
        for fault in setup.template_faults:
            if fault not in before:
                log.error("template cannot be used", extra={"fault": fault})
