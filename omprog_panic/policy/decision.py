"""What the policy may decide, and the record of one decision. Pure."""

from __future__ import annotations

import enum
from typing import NamedTuple, Self


class Decision(enum.Enum):
    """What is done. The value is stored and shown; the meaning is for people.

    In order of precedence: of several decisions on one incident (another one for each
    service) the first is shown.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member

    NOTIFY_FIRST = "NOTIFY_FIRST", "the first crash of its cause is sent at once"
    NOTIFY_MORE = "NOTIFY_MORE", "the same cause on more hosts is sent in one message"
    NOTIFY_REPEAT = "NOTIFY_REPEAT", "repeated crashes are sent at growing intervals"
    NOTIFY_ESCALATED = (
        "NOTIFY_ESCALATED",
        "nobody has acknowledged it in time, so the next service is notified",
    )
    NOTIFY_ACKNOWLEDGED = "NOTIFY_ACKNOWLEDGED", "a cause was acknowledged"
    NOTIFY_UNACKNOWLEDGED = "NOTIFY_UNACKNOWLEDGED", "a cause is no longer acknowledged"
    NOTIFY_RESOLVED = "NOTIFY_RESOLVED", "its cause is resolved"
    NOTIFY_HOST_STATE = (
        "NOTIFY_HOST_STATE",
        "a host booted, stopped sending, or sends again",
    )
    NOTIFY_MONITOR = (
        "NOTIFY_MONITOR",
        "the monitor itself stopped receiving, or receives again",
    )
    NOTIFY_SILENCE_ENDED = (
        "NOTIFY_SILENCE_ENDED",
        "a silence that covered incidents has ended",
    )
    NOTIFY_SUPPRESSED = "NOTIFY_SUPPRESSED", "the rate limit has suppressed messages"
    NOTIFY_DIGEST = "NOTIFY_DIGEST", "the daily digest is due"
    NOTIFY_SEVERE = (
        "NOTIFY_SEVERE",
        "the policy failed, so every service gets every severe crash",
    )
    NOTIFY_RESENT = "NOTIFY_RESENT", "requested with incidents resend"
    NOTIFY_TEST = "NOTIFY_TEST", "requested with test-alert"
    NOTIFY_DATABASE_DAMAGED = (
        "NOTIFY_DATABASE_DAMAGED",
        "a damaged database was set aside",
    )
    NOTIFY_UNDELIVERED = "NOTIFY_UNDELIVERED", "another service did not accept alerts"
    SUPPRESS_GROUP_WAIT = (
        "SUPPRESS_GROUP_WAIT",
        "waits for more crashes of its cause (group_wait_s)",
    )
    SUPPRESS_GROUP = (
        "SUPPRESS_GROUP",
        "its cause has been notified; more hosts follow in one message",
    )
    SUPPRESS_REPEAT = (
        "SUPPRESS_REPEAT",
        "its host keeps crashing of this cause; repeats follow at growing intervals",
    )
    SUPPRESS_ACKNOWLEDGED = (
        "SUPPRESS_ACKNOWLEDGED",
        "its cause is acknowledged; it is notified when it gets worse",
    )
    SUPPRESS_HOST_STATE = (
        "SUPPRESS_HOST_STATE",
        "a message of this kind was just sent; the next one includes it",
    )
    SUPPRESS_RATE_LIMIT = (
        "SUPPRESS_RATE_LIMIT",
        "the service has reached its rate limit (messages_per_hour)",
    )
    STORE_DIGEST = "STORE_DIGEST", "goes into the daily digest"
    STORE_ONLY = "STORE_ONLY", "stored without a message"
    STORE_NO_RECEIVER = "STORE_NO_RECEIVER", "its route names no service"
    STORE_SILENCED = "STORE_SILENCED", "a silence covers it"
    STORE_EXPECTED = "STORE_EXPECTED", "there is nothing to report"

    @property
    def suppresses(self) -> bool:
        """Whether a later message about the same cause includes what it is about."""
        return self in SUPPRESSING


SUPPRESSING = frozenset(
    {
        Decision.SUPPRESS_GROUP_WAIT,
        Decision.SUPPRESS_GROUP,
        Decision.SUPPRESS_REPEAT,
        Decision.SUPPRESS_ACKNOWLEDGED,
        Decision.SUPPRESS_HOST_STATE,
        Decision.SUPPRESS_RATE_LIMIT,
    }
)
PRECEDENCE = tuple(Decision)
_MEANINGS = {decision.value: decision.meaning for decision in Decision}


def meaning_of(stored: str) -> str:
    """Return the meaning of a stored decision; of an unknown one, the decision itself.

    >>> meaning_of("STORE_DIGEST")
    'goes into the daily digest'
    """
    return _MEANINGS.get(stored, stored)


class DecisionRecord(NamedTuple):
    """One decision, as it is stored.

    ``subject`` is what it is about: "incident:ID", "cause:KEY", "sender:ADDRESS",
    "service:KEY", "silence:ID" or "monitor". ``services`` are keys.
    """

    decision: Decision
    subject: str
    reason: str
    services: tuple[str, ...] = ()
    cause: str | None = None  # the group that an incident was put into
    message_id: str | None = None
