"""Sinks whose service has threads: later messages of a cause go to the first one.

The first message is remembered by the store (``Outcome.memories``), so threads outlive
a restart. Its colour shows how the cause stands.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

from omprog_panic.notification.effect import Importance
from omprog_panic.notification.format import Lifecycle
from omprog_panic.sinks.first_message import (
    FirstMessage,
    decode_first_message,
    encode_first_message,
)
from omprog_panic.sinks.incident_event import importance_of
from omprog_panic.sinks.sink import Outcome, ThreadMemory
from omprog_panic.sinks.text import REFUSED, Attachments, TextChannel, TextSink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.render.fitting import Attachment
    from omprog_panic.sinks.sink import Alert

RED, ORANGE, BLUE, GREEN, GREY = "#cf222e", "#e36209", "#0969da", "#1a7f37", "#8c959f"
_OF_IMPORTANCE: Mapping[Importance, str] = {
    Importance.CRITICAL: RED,
    Importance.ERROR: ORANGE,
    Importance.WARNING: ORANGE,
    Importance.INFO: GREY,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Post:
    """One message to a channel; ``first`` is the one that it belongs to.

    ``is_loud``: all of the channel should see it, not only who follows the thread.
    """

    subject: str
    body: str
    alert_id: str
    colour: str
    first: FirstMessage | None = None
    is_loud: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Posted:
    """What became of it; ``message`` is there when it arrived.

    ``refused_content``: another text may help. ``first_is_gone``: it may arrive
    without its thread.
    """

    outcome: Outcome
    message: FirstMessage | None = None
    refused_content: bool = False
    first_is_gone: bool = False


class ThreadedChannel(TextChannel, Protocol):
    """How one channel with threads is sent messages."""

    def post(self, post: Post) -> Posted:
        """Post a message. Never raises for what the service or network does."""
        ...

    def reply_file(
        self, subject: str, file: Attachment, first: FirstMessage
    ) -> Outcome:
        """Send a file into the thread of a message, where ``attachments`` is AFTER."""
        ...

    def recolour(self, first: FirstMessage, alert_id: str, colour: str) -> None:
        """Give the first message another colour, where the service can."""
        ...


class ThreadedSink(TextSink):
    """Sends the rendered messages of each cause into a thread."""

    def __init__(self, channel: ThreadedChannel) -> None:
        super().__init__(channel)
        self._threaded = channel
        # The message that was sent last, by its id, and where its file belongs.
        self._last: tuple[str, FirstMessage | None] = ("", None)

    def deliver(self, alert: Alert) -> Outcome:
        subject, body = self.preview(alert)
        lifecycle = alert.notification.lifecycle
        first = self._first(alert)
        post = Post(
            subject,
            body,
            alert.alert_id,
            colour_of(alert),
            first,
            is_loud=lifecycle in {Lifecycle.FIRING, Lifecycle.UPDATED},
        )
        posted = self._post(post)
        if not posted.outcome.delivered:
            return posted.outcome
        is_reply = first is not None and not posted.first_is_gone
        self._last = alert.notification.id, first if is_reply else posted.message
        if first is not None and not posted.first_is_gone:
            if lifecycle is not Lifecycle.UPDATED:
                self._threaded.recolour(first, alert.alert_id, post.colour)
            return posted.outcome
        return self._remembering(alert, posted)

    def complete(self, alert: Alert) -> Outcome | None:
        id_, first = self._last
        if first is None or id_ != alert.notification.id:
            return super().complete(alert)
        if self.channel.attachments is not Attachments.AFTER:
            return None
        file = alert.renderer.attachment()
        if file is None:
            return None
        return self._threaded.reply_file(self.preview(alert).subject, file, first)

    def _post(self, post: Post) -> Posted:
        posted = self._threaded.post(post)
        if posted.first_is_gone:
            again = self._threaded.post(dataclasses.replace(post, first=None))
            posted = dataclasses.replace(again, first_is_gone=True)
        if posted.outcome.delivered or not posted.refused_content:
            return posted
        bare = self._threaded.post(dataclasses.replace(post, body=REFUSED))
        if not bare.outcome.delivered:
            return posted
        reason = f"title only: {posted.outcome.reason}"
        outcome = dataclasses.replace(bare.outcome, reason=reason)
        return dataclasses.replace(bare, outcome=outcome)

    def _first(self, alert: Alert) -> FirstMessage | None:
        key = alert.notification.dedup_key
        stored = None if key is None else alert.threads.get(key)
        return None if stored is None else decode_first_message(stored)

    def _remembering(self, alert: Alert, posted: Posted) -> Outcome:
        key = alert.notification.dedup_key
        if key is None or posted.message is None:
            return posted.outcome
        is_open = alert.notification.lifecycle is not Lifecycle.RESOLVED
        memory = ThreadMemory(key, is_open, encode_first_message(posted.message))
        return dataclasses.replace(posted.outcome, memories=(memory,))


def colour_of(alert: Alert) -> str:
    """Return the colour that says how the cause of a message stands."""
    lifecycle = alert.notification.lifecycle
    if lifecycle is Lifecycle.RESOLVED:
        return GREEN
    if lifecycle is Lifecycle.ACKNOWLEDGED:
        return BLUE
    return _OF_IMPORTANCE[importance_of(alert)]
