"""What a message does to the problem that it is about, and how important it is. Pure.

One rule for all that show it: incident tools, the colours of threads and of mail.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from omprog_panic.notification.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Effect(enum.Enum):
    """What a message does to the problem with its key."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    RESOLVE = "resolve"
    INFORM = "inform"  # nothing to be woken for, and nothing to close


class Importance(enum.Enum):
    """How important a problem is; the services have words of their own for these."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


EFFECTS: Mapping[Kind, Effect] = {
    Kind.INCIDENT: Effect.TRIGGER,
    Kind.FOLLOW_UP: Effect.TRIGGER,
    Kind.PANIC_LOOP: Effect.TRIGGER,
    Kind.ESCALATED: Effect.TRIGGER,
    Kind.ACKNOWLEDGED: Effect.ACKNOWLEDGE,
    Kind.UNACKNOWLEDGED: Effect.UNACKNOWLEDGE,
    Kind.RESOLVED: Effect.RESOLVE,
    Kind.BACK: Effect.INFORM,
    Kind.SUSPECTED_CRASH: Effect.TRIGGER,
    Kind.SENDER_SILENT: Effect.TRIGGER,
    Kind.SENDER_SPEAKS: Effect.RESOLVE,
    Kind.NEVER_HEARD: Effect.TRIGGER,
    Kind.MONITOR_DEAF: Effect.TRIGGER,
    Kind.DATABASE_DAMAGED: Effect.TRIGGER,
    Kind.MONITOR_HEARS: Effect.RESOLVE,
    Kind.SUPPRESSED: Effect.INFORM,
    Kind.SILENCE_ENDED: Effect.INFORM,
    Kind.DIGEST: Effect.INFORM,
    Kind.UNDELIVERED: Effect.TRIGGER,
    Kind.TEST: Effect.TRIGGER,
}
_OF_SEVERITY = {
    "panic": Importance.CRITICAL,
    "oops": Importance.CRITICAL,
    "lockup": Importance.CRITICAL,
    "hardware": Importance.CRITICAL,
    "warning": Importance.WARNING,
    "info": Importance.INFO,
}
_OF_KIND = {
    Kind.SUSPECTED_CRASH: Importance.ERROR,
    Kind.SENDER_SILENT: Importance.ERROR,
    Kind.NEVER_HEARD: Importance.WARNING,
    Kind.MONITOR_DEAF: Importance.CRITICAL,
    Kind.DATABASE_DAMAGED: Importance.ERROR,
    Kind.UNDELIVERED: Importance.ERROR,
}


def importance(kind: Kind, severity: str) -> Importance:
    """Return how important a message is; ``severity`` is that of its crash.

    A drill, a test and what only informs wake nobody. An unknown severity is critical.
    """
    if severity == "drill" or kind is Kind.TEST or EFFECTS[kind] is Effect.INFORM:
        return Importance.INFO
    return _OF_KIND.get(kind, _OF_SEVERITY.get(severity, Importance.CRITICAL))
