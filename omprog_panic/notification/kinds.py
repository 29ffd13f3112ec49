"""Every kind of message, and how its facts are stored. Pure.

To add a kind, write a module beside the others and add it to both tables here; its
templates are ``alert_templates/LANGUAGE/KIND.{subject,body}.j2``.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, TypeAlias

from omprog_panic.notification.boots import BACK, SUSPECTED_CRASH, Back, SuspectedCrash
from omprog_panic.notification.cause import FOLLOW_UP, PANIC_LOOP, FollowUp, PanicLoop
from omprog_panic.notification.digest import DIGEST, DailyDigest
from omprog_panic.notification.incident import (
    INCIDENT,
    TEST,
    IncidentNotes,
    RequestedTest,
)
from omprog_panic.notification.monitor import (
    MONITOR_DEAF,
    MONITOR_HEARS,
    MonitorDeaf,
    MonitorHears,
)
from omprog_panic.notification.senders import (
    NEVER_HEARD,
    SENDER_SILENT,
    SENDER_SPEAKS,
    NeverHeard,
    SenderSilent,
    SenderSpeaks,
)
from omprog_panic.notification.silence_ended import SILENCE_ENDED, SilenceEnded
from omprog_panic.notification.suppressed import SUPPRESSED, Suppressed
from omprog_panic.notification.undelivered import UNDELIVERED, Undelivered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.notification.format import Format


class Kind(enum.Enum):
    """The kinds of messages; the values are stored, and name the templates."""

    INCIDENT = "incident"
    FOLLOW_UP = "follow-up"
    PANIC_LOOP = "panic-loop"
    BACK = "back"
    SUSPECTED_CRASH = "suspected-crash"
    SENDER_SILENT = "sender-silent"
    SENDER_SPEAKS = "sender-speaks"
    NEVER_HEARD = "never-heard"
    MONITOR_DEAF = "monitor-deaf"
    MONITOR_HEARS = "monitor-hears"
    SUPPRESSED = "suppressed"
    SILENCE_ENDED = "silence-ended"
    DIGEST = "digest"
    UNDELIVERED = "undelivered"
    TEST = "test"


Facts: TypeAlias = (
    IncidentNotes
    | FollowUp
    | PanicLoop
    | Back
    | SuspectedCrash
    | SenderSilent
    | SenderSpeaks
    | NeverHeard
    | MonitorDeaf
    | MonitorHears
    | Suppressed
    | SilenceEnded
    | DailyDigest
    | Undelivered
    | RequestedTest
)

FORMATS: Mapping[Kind, Format[Any]] = {
    Kind.INCIDENT: INCIDENT,
    Kind.FOLLOW_UP: FOLLOW_UP,
    Kind.PANIC_LOOP: PANIC_LOOP,
    Kind.BACK: BACK,
    Kind.SUSPECTED_CRASH: SUSPECTED_CRASH,
    Kind.SENDER_SILENT: SENDER_SILENT,
    Kind.SENDER_SPEAKS: SENDER_SPEAKS,
    Kind.NEVER_HEARD: NEVER_HEARD,
    Kind.MONITOR_DEAF: MONITOR_DEAF,
    Kind.MONITOR_HEARS: MONITOR_HEARS,
    Kind.SUPPRESSED: SUPPRESSED,
    Kind.SILENCE_ENDED: SILENCE_ENDED,
    Kind.DIGEST: DIGEST,
    Kind.UNDELIVERED: UNDELIVERED,
    Kind.TEST: TEST,
}
_KIND_OF: Mapping[type, Kind] = {form.facts: kind for kind, form in FORMATS.items()}


def kind_of(facts: Facts) -> Kind:
    """Return the kind that such facts belong to.

    >>> kind_of(Back())
    <Kind.BACK: 'back'>
    """
    return _KIND_OF[type(facts)]
