"""The first message of a cause in a channel, as its sink remembers it. Pure."""

from __future__ import annotations

import dataclasses
import json

from omprog_panic.notification.fields import Fields

VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class FirstMessage:
    """Where later messages go.

    ``channel`` and ``id`` are the service's own. ``text`` is what was posted, for
    services that need it to change the message.
    """

    channel: str
    id: str
    text: str = ""


def encode_first_message(message: FirstMessage) -> str:
    """Return a JSON object."""
    content = {
        "version": VERSION,
        "channel": message.channel,
        "id": message.id,
        "text": message.text,
    }
    return json.dumps(content)


def decode_first_message(text: str) -> FirstMessage | None:
    """Parse what ``encode_first_message`` returned; None: it is none."""
    try:
        fields = Fields(json.loads(text))
    except ValueError:
        return None
    message = FirstMessage(
        fields.text("channel"), fields.text("id"), fields.text("text")
    )
    return message if message.id else None
