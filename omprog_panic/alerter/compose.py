"""From an outbox row to the words of its message."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from typing import TYPE_CHECKING, Any

from omprog_panic.clock import rfc3339
from omprog_panic.plain import one_line
from omprog_panic.render.context import ALERT_ID_DIGITS, Framing, build_context
from omprog_panic.render.fitting import fit_message, whole_trace
from omprog_panic.render.messages import KINDS, WITH_TRACE, facts_of, notes_of
from omprog_panic.render.notice import notice
from omprog_panic.render.sample import marked_context
from omprog_panic.store.incidents import load_incident
from omprog_panic.store.notification_log import notification_details

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.render.context import AnyContext, MessageContext
    from omprog_panic.render.fitting import Attachment, Excess
    from omprog_panic.render.templates import Rendered, Templates
    from omprog_panic.store.connect import Database
    from omprog_panic.store.outbox import OutboxRow

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a service."""

    subject: str
    body: str
    alert_id: str
    file: Attachment | None = None  # the whole of it, where there is a trace


@dataclasses.dataclass(frozen=True, slots=True)
class Composer:
    """Renders the message of a row; the same row gives the same message."""

    database: Database
    templates: Templates
    host_names: Mapping[str, str]

    def __call__(self, row: OutboxRow, excess: Excess) -> Message:
        """Compose; ``excess`` tells by how much a message is too large."""
        with self.database.read() as connection:
            stored = notification_details(connection, row.notification_id)
        details = _read(stored)
        context = self.context(row, details)
        named = _template(details, row.service_key)

        def render(context: AnyContext) -> Rendered:
            return self.templates.render(context.message, context, named)

        whole = render(context)
        subject, body = fit_message(render, context, excess)
        file = whole_trace(whole, context.about, context.alert_id, self.templates.words)
        return Message(subject, body, context.alert_id, file if context.trace else None)

    def context(self, row: OutboxRow, details: Mapping[str, Any]) -> AnyContext:
        """Return what the templates of a row may use."""
        texts = self.templates.words.texts
        alert_id = row.notification_id[:ALERT_ID_DIGITS]
        banner: tuple[str, ...] = ()
        if row.stands_in_for is not None:
            service = one_line(row.stands_in_for, 200)
            banner = (texts["stand-in"].format(service=service),)
        if row.kind in KINDS:
            if "monitor" in {f.name for f in dataclasses.fields(KINDS[row.kind])}:
                details = {"monitor": os.uname().nodename, **details}
            lends = row.incident_id if row.kind in WITH_TRACE else None
            return notice(
                row.kind,
                facts_of(row.kind, details),
                alert_id,
                words=self.templates.words,
                banner=banner,
                incident=self._incident(lends, details, ()),
            )
        incident = self._incident(row.incident_id, details, banner)
        if incident is not None:
            return incident
        at = rfc3339(row.created_at)
        return marked_context(alert_id, at, self.templates.words, banner)

    def _incident(
        self,
        incident_id: str | None,
        details: Mapping[str, Any],
        banner: tuple[str, ...],
    ) -> MessageContext | None:
        if incident_id is None:
            return None
        with self.database.read() as connection:
            incident = load_incident(connection, incident_id)
        assert incident is not None  # a foreign key holds it
        framing = Framing(self.templates.words, notes_of(details), banner=banner)
        return build_context(incident.record, incident.report, self.host_names, framing)


def _read(stored: str | None) -> dict[str, Any]:
    try:
        details = json.loads(stored or "{}")
    except ValueError:
        details = None
    if isinstance(details, dict):
        return details
    log.error("details of a notification cannot be read")
    return {}


def _template(details: Mapping[str, Any], service_key: str) -> str | None:
    """Return the name of the templates that the route to a service asked for."""
    templates = details.get("templates")
    name = templates.get(service_key) if isinstance(templates, dict) else None
    return name if isinstance(name, str) else None
