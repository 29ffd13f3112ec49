"""Every kind of message, and how its facts are stored. Pure.

To add a kind, write a module beside the others and add its row to ``Kind``; its
templates are ``alert_templates/LANGUAGE/KIND.{subject,body}.j2``.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Self

from omprog_panic.notification import (
    acknowledged,
    boots,
    cause,
    digest,
    escalated,
    incident,
    monitor,
    resolved,
    senders,
    silence_ended,
    suppressed,
    undelivered,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.notification.format import Format, MessageFacts


class Kind(enum.Enum):
    """The kinds of messages; the values are stored, and name the templates."""

    format: Format[Any]

    def __new__(cls, value: str, format_: Format[Any] | None = None) -> Self:
        assert format_ is not None  # the default is for type checkers: Kind("back")
        member = object.__new__(cls)
        member._value_ = value
        member.format = format_
        return member

    INCIDENT = "incident", incident.INCIDENT
    FOLLOW_UP = "follow-up", cause.FOLLOW_UP
    PANIC_LOOP = "panic-loop", cause.PANIC_LOOP
    ESCALATED = "escalated", escalated.ESCALATED
    ACKNOWLEDGED = "acknowledged", acknowledged.ACKNOWLEDGED
    UNACKNOWLEDGED = "unacknowledged", acknowledged.UNACKNOWLEDGED
    RESOLVED = "resolved", resolved.RESOLVED
    BACK = "back", boots.BACK
    SUSPECTED_CRASH = "suspected-crash", boots.SUSPECTED_CRASH
    SENDER_SILENT = "sender-silent", senders.SENDER_SILENT
    SENDER_SPEAKS = "sender-speaks", senders.SENDER_SPEAKS
    NEVER_HEARD = "never-heard", senders.NEVER_HEARD
    MONITOR_DEAF = "monitor-deaf", monitor.MONITOR_DEAF
    MONITOR_HEARS = "monitor-hears", monitor.MONITOR_HEARS
    DATABASE_DAMAGED = "database-damaged", monitor.DATABASE_DAMAGED
    SUPPRESSED = "suppressed", suppressed.SUPPRESSED
    SILENCE_ENDED = "silence-ended", silence_ended.SILENCE_ENDED
    DIGEST = "digest", digest.DIGEST
    UNDELIVERED = "undelivered", undelivered.UNDELIVERED
    TEST = "test", incident.TEST


FORMATS: Mapping[Kind, Format[Any]] = {kind: kind.format for kind in Kind}
_KIND_OF: Mapping[type, Kind] = {kind.format.facts: kind for kind in Kind}


def kind_of(facts: MessageFacts) -> Kind:
    """Return the kind that such facts belong to.

    >>> kind_of(boots.Back())
    <Kind.BACK: 'back'>
    """
    return _KIND_OF[type(facts)]
