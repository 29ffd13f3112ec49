"""How new the cause of a crash is. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.notification.fields import Fields
    from omprog_panic.notification.format import JsonObject


@dataclasses.dataclass(frozen=True, slots=True)
class Familiarity:
    """How well a cause is known; the numbers are those before this crash."""

    status: str = ""  # "first", "new-on-kernel", "back" (after ``days``) or "seen"
    crashes: int = 0
    hosts: int = 0
    since: float | None = None  # wall time in seconds
    days: int = 0
    kernel: str | None = None


def encode_familiarity(known: Familiarity | None) -> JsonObject | None:
    """Return a JSON object; None stays None."""
    if known is None:
        return None
    return {
        "status": known.status,
        "crashes": known.crashes,
        "hosts": known.hosts,
        "since": known.since,
        "days": known.days,
        "kernel": known.kernel,
    }


def decode_familiarity(fields: Fields) -> Familiarity:
    """Read what ``encode_familiarity`` wrote."""
    return Familiarity(
        status=fields.text("status"),
        crashes=fields.integer("crashes"),
        hosts=fields.integer("hosts"),
        since=fields.number("since"),
        days=fields.integer("days"),
        kernel=fields.optional_text("kernel"),
    )


SAMPLE_FAMILIARITY = Familiarity("seen", 3, 2, 1766563200.0, 0, "6.1.0-56-cloud-amd64")
