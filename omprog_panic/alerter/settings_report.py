"""Records which settings the alerter uses, and their faults.

Faults are logged; ``status`` and other commands read the record in the store.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from typing import TYPE_CHECKING

from omprog_panic.store.latest import load_latest, store_latest

if TYPE_CHECKING:
    from omprog_panic.alerter.setup import Setup
    from omprog_panic.clock import Clock
    from omprog_panic.store.connect import Database, Transaction

log = logging.getLogger(__name__)

LATEST_NAME = "settings"
VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class SettingsInUse:
    """The settings that the alerter uses.

    ``templates``: their faults; shipped ones are used instead. ``reload``: why the last
    reload was refused; the configuration before it is in use. ``files``: digests of
    what was read, by path (see config/digest.py). ``services``: their keys.
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


def load_settings_in_use(connection: Transaction) -> SettingsInUse | None:
    """Return what the alerter uses; None: it has stored nothing yet."""
    found = load_latest(connection, LATEST_NAME)
    return None if found is None else settings_from_json(found.content)


@dataclasses.dataclass(slots=True)
class SettingsReport:
    """Stores ``SettingsInUse`` whenever it changes. A reload sets ``refused``."""

    database: Database
    clock: Clock
    refused: tuple[str, ...] = ()
    _stored: SettingsInUse | None = None

    def update(self, setup: Setup) -> None:
        """Store and log what has changed since the last call.

        Raises:
            StoreError: the database cannot be written now; call it again later.

        """
        now = self._settings(setup)
        if now == self._stored:
            return
        with self.database.write() as connection:
            content = settings_to_json(now)
            store_latest(connection, LATEST_NAME, content, self.clock.wall())
        before = () if self._stored is None else self._stored.templates
        self._stored = now
        for fault in setup.template_faults:
            if fault not in before:
                log.error("template cannot be used", extra={"fault": fault})

    def _settings(self, setup: Setup) -> SettingsInUse:
        """Return the settings, with the faults found by checks and by alerts."""
        templates = list(setup.template_faults)
        for failure in list(setup.templates.failures):
            # The check has found the same fault, and its text ends with a remedy.
            if not any(fault.startswith(failure) for fault in templates):
                templates.append(failure)
        return SettingsInUse(
            templates=tuple(templates),
            reload=self.refused,
            files=dict(setup.files),
            services=tuple(service.key for service in setup.config.services),
        )
