"""Services, as far as the policy knows them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from omprog_panic.policy.json_object import Json


class Receiver(NamedTuple):
    """A service that may be notified; nothing secret."""

    key: str
    label: str
    tags: tuple[str, ...]


def encode_receiver(receiver: Receiver) -> Json:
    """Return a JSON object."""
    return {
        "key": receiver.key,
        "label": receiver.label,
        "tags": list(receiver.tags),
    }


def decode_receiver(raw: Json) -> Receiver:
    """Parse what ``encode_receiver`` returned."""
    return Receiver(raw["key"], raw["label"], tuple(raw["tags"]))
