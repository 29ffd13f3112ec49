"""A message before it is known which services may be sent it. Pure."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.notification.cause import CrashedHost
    from omprog_panic.notification.format import MessageFacts
    from omprog_panic.notification.notification import Labels
    from omprog_panic.policy.decision import Decision


class Limit(enum.Enum):
    """A rate limit."""

    SERVICE = enum.auto()  # ``messages_per_hour``
    MONITOR = enum.auto()  # for messages about the monitor itself
    OWN = enum.auto()  # comes once an hour or more rarely


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is known which services may be sent it.

    ``subject`` as in DecisionRecord. ``crashed``: the hosts whose crash of this cause
    it is the first to report. ``limit``: which rate limit it counts for. ``shares``:
    who the crashed hosts count as there, see ``SenderDirectory.share_of``.
    """

    facts: MessageFacts
    decision: Decision
    reason: str
    subject: str
    labels: Labels
    incident_id: str | None = None
    order_key: str | None = None
    cause: str | None = None
    crashed: tuple[CrashedHost, ...] = ()
    limit: Limit = Limit.SERVICE
    episode: str | None = None
    shares: tuple[str, ...] = ()
