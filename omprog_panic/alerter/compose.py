"""From an outbox row to the words of its message."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from omprog_panic.alerter.fitting import fit_message, fit_text, whole_trace
from omprog_panic.clock import rfc3339
from omprog_panic.render.context import ALERT_ID_DIGITS, build_context
from omprog_panic.render.notice import undelivered
from omprog_panic.render.sample import marked_context
from omprog_panic.store.incidents import load_incident
from omprog_panic.store.notification_log import notification_details
from omprog_panic.store.outbox_care import UNDELIVERED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.alerter.fitting import Excess
    from omprog_panic.deliver.notifier import File
    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.templates import Rendered, Templates
    from omprog_panic.store.connect import Database
    from omprog_panic.store.outbox import OutboxRow


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a service."""

    subject: str
    body: str
    alert_id: str
    file: File | None = None  # the whole of it, where there is a trace


@dataclasses.dataclass(frozen=True, slots=True)
class Composer:
    """Renders the message of a row; the same row gives the same message."""

    database: Database
    templates: Templates
    host_names: Mapping[str, str]

    def __call__(self, row: OutboxRow, excess: Excess) -> Message:
        """Compose; ``excess`` tells by how much a message is too large."""
        if row.kind == UNDELIVERED:
            return self._notice(row, excess)
        context = self._context(row)
        subject, body = fit_message(self._render, context, excess)
        whole = self._render(context)
        file = whole_trace(whole, context.host, context.alert_id)
        return Message(subject, body, context.alert_id, file)

    def _render(self, context: MessageContext) -> Rendered:
        return self.templates.render("incident", context)

    def _notice(self, row: OutboxRow, excess: Excess) -> Message:
        with self.database.read() as connection:
            details = notification_details(connection, row.notification_id)
        alert_id = row.notification_id[:ALERT_ID_DIGITS]
        notice = undelivered(json.loads(details or "{}"), alert_id)
        return Message(*fit_text(notice, excess, alert_id), alert_id)

    def _context(self, row: OutboxRow) -> MessageContext:
        if row.incident_id is None:
            alert_id = row.notification_id[:ALERT_ID_DIGITS]
            return marked_context(alert_id, rfc3339(row.created_at))
        with self.database.read() as connection:
            incident = load_incident(connection, row.incident_id)
        assert incident is not None  # a foreign key holds it
        context = build_context(incident.record, incident.report, self.host_names)
        if row.stands_in_for is None:
            return context
        banner = f"Sent here because nobody else took it: {row.stands_in_for}"
        return dataclasses.replace(context, banner=(banner, *context.banner))
