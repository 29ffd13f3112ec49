"""Alerts to give to sinks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.notification import Labels, Notification
from omprog_panic.render.fitting import Attachment, fit_text
from omprog_panic.render.templates import Rendered
from omprog_panic.sinks.sink import Alert

if TYPE_CHECKING:
    from omprog_panic.render.fitting import Excess

ALERT_ID = "01234567"
LABELS = Labels("panic", "panic", "db-07", "10.0.0.2", kernel="6.1.0")


@dataclasses.dataclass(frozen=True)
class FixedRenderer:
    """Renders the same text whatever the notification says."""

    subject: str
    body: str
    file: Attachment | None = None
    document: str | None = None

    def text(self, excess: Excess | None = None) -> Rendered:
        rendered = Rendered(self.subject, self.body)
        return rendered if excess is None else fit_text(rendered, excess, ALERT_ID)

    def attachment(self) -> Attachment | None:
        return self.file

    def html(self) -> str | None:
        return self.document


def make_alert(
    subject: str = "s",
    body: str = "b",
    *,
    file: Attachment | None = None,
    facts: MessageFacts | None = None,
    id_: str = "",
    html: str | None = None,
    episode: str | None = None,
) -> Alert:
    """Return an alert with this text; its id is the body where none is given."""
    notification = Notification(
        id_ or body,
        facts or IncidentNotes(),
        cause="cause-1",
        labels=LABELS,
        episode=episode,
    )
    renderer = FixedRenderer(subject, body, file, html)
    return Alert(notification, ALERT_ID, renderer)
