"""Whether an incident is told, and why. Pure; routes and groups will come here."""

from __future__ import annotations

import enum

from omprog_panic.model import Severity

AT_ONCE = frozenset({Severity.PANIC, Severity.OOPS, Severity.LOCKUP, Severity.HARDWARE})


class Decision(enum.Enum):
    """What is done with an incident; stored by name, shown with its reason."""

    NOTIFY_SEVERE = "its severity is alerted at once"
    STORE_MILD = "its severity is stored only"

    @property
    def notifies(self) -> bool:
        return self.name.startswith("NOTIFY_")


def decide(severity: Severity) -> Decision:
    """Judge one incident.

    >>> decide(Severity.PANIC).notifies
    True
    """
    return Decision.NOTIFY_SEVERE if severity in AT_ONCE else Decision.STORE_MILD
