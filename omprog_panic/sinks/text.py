"""Sinks that send text: fit the message to the service, send the trace as a file."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from omprog_panic.render.fitting import Attachment
    from omprog_panic.render.templates import Rendered
    from omprog_panic.sinks.sink import Alert, Outcome

# The whole body of an alert whose own text a service refused.
REFUSED = "The service refused the text of this alert: see it on the monitor."


class Attachments(enum.Enum):
    """What a service does with a file."""

    NONE = "not accepted"
    ALONG = "in the same message"
    AFTER = "in a message of its own, so that a refused file costs nothing"


class TextChannel(Protocol):
    """How one service is sent text."""

    @property
    def attachments(self) -> Attachments:
        """Whether and when the service accepts a file."""
        ...

    def excess(self, subject: str, body: str) -> int:
        """Return by how many characters a message is too large, mark-up counted."""
        ...

    def warm_up(self) -> None:
        """Do what would delay the first message; send nothing."""
        ...

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        """Send plain text. Never raises for what the service or network does.

        There is a file only where ``attachments`` is ``ALONG``.
        """
        ...

    def send_file(self, subject: str, file: Attachment) -> Outcome:
        """Send a file after its message, where ``attachments`` is ``AFTER``."""
        ...


class TextSink:
    """A sink that sends the rendered message to a text channel."""

    def __init__(self, channel: TextChannel) -> None:
        self.channel = channel

    def warm_up(self) -> None:
        self.channel.warm_up()

    def deliver(self, alert: Alert) -> Outcome:
        subject, body = self.preview(alert)
        if self.channel.attachments is Attachments.ALONG:
            file = alert.renderer.attachment()
            if file is not None:
                return self.channel.send(subject, body, file)
        return self.channel.send(subject, body)

    def complete(self, alert: Alert) -> Outcome | None:
        if self.channel.attachments is not Attachments.AFTER:
            return None
        file = alert.renderer.attachment()
        if file is None:
            return None
        return self.channel.send_file(self.preview(alert).subject, file)

    def preview(self, alert: Alert) -> Rendered:
        return alert.renderer.text(self.channel.excess)
