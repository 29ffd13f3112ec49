"""From an outbox row to the words of its message."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.clock import rfc3339
from omprog_panic.render.context import ALERT_ID_DIGITS, build_context
from omprog_panic.render.sample import test_context
from omprog_panic.store.incidents import load_incident

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.templates import Templates
    from omprog_panic.store.connect import Database
    from omprog_panic.store.outbox import OutboxRow


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """What is sent, before it is fitted to a service."""

    subject: str
    body: str
    alert_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Composer:
    """Renders the message of a row; the same row gives the same message."""

    database: Database
    templates: Templates
    host_names: Mapping[str, str]

    def __call__(self, row: OutboxRow) -> Message:
        context = self._context(row)
        rendered = self.templates.render("incident", context)
        return Message(rendered.subject, rendered.body, context.alert_id)

    def _context(self, row: OutboxRow) -> MessageContext:
        if row.incident_id is None:
            alert_id = row.notification_id[:ALERT_ID_DIGITS]
            return test_context(alert_id, rfc3339(row.created_at))
        with self.database.read() as connection:
            incident = load_incident(connection, row.incident_id)
        assert incident is not None  # a foreign key holds it
        return build_context(incident.record, incident.report, self.host_names)
