"""Every word for what the policy does, and the record of one decision. Pure."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Decision(enum.Enum):
    """What is done; stored by name, with a reason of its own beside it."""

    NOTIFY_FIRST = "the first crash of its cause is told at once"
    NOTIFY_MORE = "the same cause on more hosts is told in one message"
    NOTIFY_AGAIN = "hosts that crash again and again are told at growing intervals"
    NOTIFY_HOST_STATE = "a sign of life, or its absence, is told"
    NOTIFY_MONITOR = "the monitor's own health is told"
    NOTIFY_SILENCE_ENDED = "a silence has ended with incidents under it"
    NOTIFY_SUPPRESSED = "messages were held, and that is told"
    NOTIFY_DIGEST = "the digest is due"
    NOTIFY_SEVERE = "its severity is alerted at once"  # of versions before routes
    NOTIFY_RESENT = "somebody asked for it with incidents resend"
    NOTIFY_TEST = "somebody asked for it with test-alert"
    NOTIFY_UNDELIVERED = "a service never took an alert"
    SUPPRESS_GROUP_WAIT = "it waits for others of its cause, for group_wait_s"
    SUPPRESS_GROUP = "its cause has been told; further hosts follow in one message"
    SUPPRESS_REPEAT = "its host has been told; repeats follow at growing intervals"
    SUPPRESS_HOST_STATE = (
        "a message of this sort has just been sent; the next one has it"
    )
    SUPPRESS_RATE_LIMIT = "the service has had its messages of this hour"
    STORE_DIGEST = "it goes into the digest"
    STORE_ONLY = "it is stored only"
    STORE_NO_RECEIVER = "its route names nobody"
    STORE_SILENCED = "it is silenced"
    STORE_EXPECTED = "there is nothing to tell"


# Of several for one incident (another one for each service) this one is shown first.
PRECEDENCE = tuple(Decision)


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
