"""Says which templates cannot be used: in the log, and for ``status`` in the store."""

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

LATEST_NAME = "templates"


@dataclasses.dataclass(frozen=True, slots=True)
class TemplateFaults:
    """What is wrong with templates now; the shipped ones are used in their place."""

    faults: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class TemplateReport:
    """Remembers what it has told."""

    database: Database
    clock: Clock
    _told: TemplateFaults | None = None

    def tell(self, setup: Setup) -> None:
        """Tell what has changed since the last time, found by checks or by alerts.

        Raises:
            StoreError: the data base cannot be written now; tell it again later.

        """
        found = dict.fromkeys([*setup.template_faults, *setup.templates.failures])
        faults = TemplateFaults(tuple(found))
        if faults == self._told:
            return
        with self.database.write() as connection:
            note_latest(connection, LATEST_NAME, faults, self.clock.wall())
        self._told = faults
        for fault in setup.template_faults:
            log.error("template cannot be used", extra={"fault": fault})
