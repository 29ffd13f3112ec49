"""Who has acknowledged a cause. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has a cause, since when, and for how long; times are wall times."""

    author: str = ""
    at: float | None = None
    until: float | None = None  # None: until it is resolved
    comment: str = ""


def encode_holder(holder: Holder | None) -> JsonObject | None:
    """Return a JSON object; None stays None."""
    if holder is None:
        return None
    return {
        "author": holder.author,
        "at": holder.at,
        "until": holder.until,
        "comment": holder.comment,
    }


def decode_holder(fields: Fields) -> Holder:
    """Parse what ``encode_holder`` returned."""
    return Holder(
        author=fields.text("author"),
        at=fields.number("at"),
        until=fields.number("until"),
        comment=fields.text("comment"),
    )


NOBODY = Holder()
SAMPLE_HOLDER = Holder("ada", 1767261900.0, 1767276300.0, "bad firmware, rolling back")
