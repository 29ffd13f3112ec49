"""From an outbox row to the alert that a sink is given."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from omprog_panic.clock import rfc3339
from omprog_panic.errors import MalformedRecordError
from omprog_panic.notification.codec import decode
from omprog_panic.notification.incident import IncidentNotes, RequestedTest
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import Labels, Notification
from omprog_panic.notification.thread_keys import thread_keys
from omprog_panic.plain import one_line
from omprog_panic.render.context import ID_DIGITS, utc
from omprog_panic.render.incident import Framing, build_context
from omprog_panic.render.notice import notice
from omprog_panic.render.renderer import MessageRenderer
from omprog_panic.render.sample import marked_context
from omprog_panic.sinks.sink import Alert
from omprog_panic.store.incidents import load_incident
from omprog_panic.store.notification_log import notification_details
from omprog_panic.store.threads import load_threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.incident import NameOf
    from omprog_panic.render.templates import Templates
    from omprog_panic.store.connect import Database
    from omprog_panic.store.outbox import OutboxRow
    from omprog_panic.store.threads import StoredThread

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Composer:
    """Makes the alert of a row; the same row gives the same message."""

    database: Database
    templates: Templates
    name_of: NameOf

    def __call__(self, row: OutboxRow) -> Alert:
        """Read all that the alert needs from the store; rendering needs it no more.

        Raises:
            StoreError: the database cannot be read now.

        """
        with self.database.read() as connection:
            stored = notification_details(connection, row.notification_id)
        notification = self._labelled(read_notification(row, stored))
        context = self.context(row, notification)
        named = notification.template_for(row.service_key)
        renderer = MessageRenderer(self.templates, context, named)
        keys = thread_keys(notification)
        with self.database.read() as connection:
            threads = load_threads(connection, row.service_key, keys)
        return Alert(
            notification,
            context.alert_id,
            renderer,
            {one.key: one.content for one in threads if one.content is not None},
            bool(keys) and set(keys) == set(_closed_after(row, threads)),
        )

    def context(self, row: OutboxRow, notification: Notification) -> MessageContext:
        """Return the context that the templates of a row are given."""
        catalog, facts = self.templates.catalog, notification.facts
        alert_id = row.notification_id[:ID_DIGITS]
        banner = self._banner(row)
        if isinstance(facts, IncidentNotes):
            incident = self._incident(row.incident_id, facts, banner)
            if incident is not None:
                return incident
        if isinstance(facts, IncidentNotes | RequestedTest):
            at = rfc3339(row.created_at)
            return marked_context(alert_id, at, catalog, banner)
        lends = row.incident_id if FORMATS[notification.kind].has_trace else None
        return notice(
            facts,
            alert_id,
            catalog=catalog,
            banner=banner,
            incident=self._incident(lends, IncidentNotes(), ()),
        )

    def _banner(self, row: OutboxRow) -> tuple[str, ...]:
        texts = self.templates.catalog.texts
        lines = []
        if row.stands_in_for is not None:
            service = one_line(row.stands_in_for, 200)
            lines.append(texts["stand-in"].format(service=service))
        if row.in_doubt and row.first_attempt_at is not None:
            first = utc(rfc3339(row.first_attempt_at))
            lines.append(texts["sent-again"].format(first=first))
        return tuple(lines)

    def _labelled(self, notification: Notification) -> Notification:
        """Label an incident that the policy did not label, such as a resent one."""
        if notification.labels.host or notification.incident_id is None:
            return notification
        with self.database.read() as connection:
            incident = load_incident(connection, notification.incident_id)
        assert incident is not None  # a foreign key makes sure of it
        record, report = incident.record, incident.report
        labels = Labels(
            severity=report.severity.value,
            kind=report.kind,
            host=self.name_of(record.source, record.host),
            address=record.source,
            title=report.title,
            function=report.function or "",
            kernel=report.facts.kernel or record.kernel or "",
            subsystem=report.subsystem or "",
        )
        return dataclasses.replace(
            notification, labels=labels, cause=report.fingerprint
        )

    def _incident(
        self, incident_id: str | None, notes: IncidentNotes, banner: tuple[str, ...]
    ) -> MessageContext | None:
        if incident_id is None:
            return None
        with self.database.read() as connection:
            incident = load_incident(connection, incident_id)
        assert incident is not None  # a foreign key makes sure of it
        framing = Framing(self.templates.catalog, notes, banner=banner)
        return build_context(incident.record, incident.report, self.name_of, framing)


def _closed_after(row: OutboxRow, threads: Iterable[StoredThread]) -> Iterator[str]:
    """Return the keys that a later message has closed."""
    for thread in threads:
        if thread.outbox_id > row.id and not thread.is_open:
            yield thread.key


def read_notification(row: OutboxRow, stored: str | None) -> Notification:
    """Return what was stored, or as much as the row alone says."""
    if stored is not None:
        try:
            return decode(stored)
        except MalformedRecordError:
            log.exception("notification cannot be read", extra={"id": row.id})
    known = {kind.value: kind for kind in Kind}
    kind = known.get(row.kind, Kind.INCIDENT if row.incident_id else Kind.TEST)
    return Notification(
        row.notification_id, FORMATS[kind].facts(), incident_id=row.incident_id
    )
