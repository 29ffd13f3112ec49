"""Says what is wrong with the settings: in the log, and for ``status`` in the store."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.store.senders import note_latest

if TYPE_CHECKING:
    from omprog_panic.alerter.assemble import Setup
    from omprog_panic.clock import Clock
    from omprog_panic.store.connect import Database

log = logging.getLogger(__name__)

LATEST_NAME = "settings"


@dataclasses.dataclass(frozen=True, slots=True)
class SettingsFaults:
    """What is wrong now.

    ``templates``: the shipped ones are used in their place. ``reload``: why the last
    reload was refused; the configuration before it is in use.
    """

    templates: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class SettingsReport:
    """Remembers what it has told. ``refused`` is set by a reload."""

    database: Database
    clock: Clock
    refused: tuple[str, ...] = ()
    _told: SettingsFaults | None = None

    def tell(self, setup: Setup) -> None:
        """Tell what has changed since the last time, found by checks or by alerts.

        Raises:
            StoreError: the data base cannot be written now; tell it again later.

        """
        templates = list(setup.template_faults)
        for failure in list(setup.templates.failures):
            # The check has said the same, with the remedy behind it.
            if not any(fault.startswith(failure) for fault in templates):
                templates.append(failure)
        faults = SettingsFaults(tuple(templates), self.refused)
        if faults == self._told:
            return
        with self.database.write() as connection:
            note_latest(connection, LATEST_NAME, faults, self.clock.wall())
        before = () if self._told is None else self._told.templates
        self._told = faults
        for fault in setup.template_faults:
            if fault not in before:
                log.error("template cannot be used", extra={"fault": fault})
