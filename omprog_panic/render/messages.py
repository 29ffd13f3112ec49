"""What each kind of message is about: the contract between policy and templates.

The policy writes the fields of one of these classes as JSON into the ``details`` of a
notification; years later, or after an upgrade, they are read back here and become the
variables of the kind's templates. docs/templates.md lists them, and they stay: a field
may be added, none may go. What is missing in old details has its default; what has the
wrong type counts as missing, because a message that says less is better than none.

A time (``When``) is wall time in seconds or an RFC 3339 text; a length of time is in
seconds and its name ends in ``_s``. Pure.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import TYPE_CHECKING, Any, TypeVar, Union

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

When = Union[float, str, None]  # noqa: UP007 - get_type_hints of Python 3.11 reads it
_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """How new a cause is; the numbers are those before this crash."""

    word: str = ""  # "first", "new-on-kernel", "back" (after ``days``) or "seen"
    crashes: int = 0
    hosts: int = 0
    since: When = None
    days: int = 0
    kernel: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentNotes:
    """What the policy adds to an incident; the incident itself is in the store."""

    known: Known | None = None
    drill: bool = False  # a drill was announced before it


@dataclasses.dataclass(frozen=True, slots=True)
class CrashedHost:
    """A host and how often it crashed."""

    name: str = ""
    address: str = ""
    crashes: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """So many hosts have this kernel release, or are such machines."""

    name: str = ""
    hosts: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class FollowUp:
    """``follow-up``: the same crash on more hosts. With the first host's trace."""

    title: str = ""
    titles: tuple[str, ...] = ()  # where the cause has several
    severity: str = "panic"  # of model.Severity, or "drill"
    first_host: str = ""
    since: When = None
    hosts: tuple[CrashedHost, ...] = ()  # told for the first time; at most 200
    count: int = 0  # of these hosts, also of those not listed
    crashes: int = 0  # since the last message
    all_hosts: int = 0
    all_crashes: int = 0
    kernels: tuple[Share, ...] = ()  # of all hosts, most first
    hardware: tuple[Share, ...] = ()
    again: tuple[CrashedHost, ...] = ()  # told before, and crashed again
    cause: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class PanicLoop:
    """``panic-loop``: hosts that crash again and again. With a trace."""

    title: str = ""
    titles: tuple[str, ...] = ()
    severity: str = "panic"
    first_host: str = ""
    since: When = None
    hosts: tuple[CrashedHost, ...] = ()
    count: int = 0
    crashes: int = 0
    all_hosts: int = 0
    all_crashes: int = 0
    kernels: tuple[Share, ...] = ()
    hardware: tuple[Share, ...] = ()
    next_s: float | None = None  # the next such message comes after this at the soonest
    cause: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class BackHost:
    """A host that booted after a crash."""

    name: str = ""
    address: str = ""
    at: When = None  # of the boot
    down_s: float | None = None  # from the crash to the boot
    kernel: str | None = None
    kernel_before: str | None = None  # where it is another one
    incident_id: str | None = None
    title: str | None = None  # of the crash


@dataclasses.dataclass(frozen=True, slots=True)
class Back:
    """``back``: hosts that crashed are back again."""

    hosts: tuple[BackHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class LostHost:
    """A host that booted although nothing had announced it."""

    name: str = ""
    address: str = ""
    at: When = None  # of the boot
    last_heard_at: When = None
    last_text: str | None = None
    kernel: str | None = None
    says_farewell: bool = False  # it is known to say so when it is shut down


@dataclasses.dataclass(frozen=True, slots=True)
class SuspectedCrash:
    """``suspected-crash``: boots that nobody announced."""

    hosts: tuple[LostHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class QuietHost:
    """A host that is, or was, silent."""

    name: str = ""
    address: str = ""
    at: When = None  # when it was noticed, or when it spoke again
    last_heard_at: When = None
    silent_s: float | None = None
    limit_s: float | None = None
    kernel: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SenderSilent:
    """``sender-silent``: listed hosts that are silent for longer than their limit."""

    hosts: tuple[QuietHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class SenderSpeaks:
    """``sender-speaks``: they speak again."""

    hosts: tuple[QuietHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class NeverHeard:
    """``never-heard``: listed hosts of which nothing ever came (``limit_s``)."""

    hosts: tuple[QuietHost, ...] = ()
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class MonitorDeaf:
    """``monitor-deaf``: our own datagram did not come out of the chain."""

    monitor: str = ""  # name of the monitoring host
    at: When = None
    last_heard_at: When = None  # when the last one came out
    misses: int = 0  # in a row
    address: str | None = None  # where it was sent
    port: int | None = None
    error: str | None = None  # it could not even be sent


@dataclasses.dataclass(frozen=True, slots=True)
class MonitorHears:
    """``monitor-hears``: it comes out again."""

    monitor: str = ""
    at: When = None
    deaf_since: When = None
    deaf_s: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class HeldKind:
    """So many messages of one kind were held."""

    kind: str = ""
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """``held``: one service has had its messages of this hour."""

    service: str = ""
    count: int = 0
    since: When = None
    per_hour: int = 0  # the ceiling
    kinds: tuple[HeldKind, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class NamedIncident:
    """An incident in a list."""

    id: str = ""
    title: str = ""
    host: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SilenceEnded:
    """``silence-ended``: with incidents under it."""

    id: str = ""
    author: str = ""
    comment: str = ""
    starts_at: When = None
    ends_at: When = None
    match: tuple[str, ...] = ()  # matchers, as the command line takes them
    crashes: int = 0
    signs: int = 0  # life signs, or their absence, that were not told
    incidents: tuple[NamedIncident, ...] = ()  # the newest ones


@dataclasses.dataclass(frozen=True, slots=True)
class DigestCause:
    """A cause that is not alerted at once."""

    title: str = ""
    kind: str = ""
    severity: str = ""
    id: str = ""  # of one incident
    crashes: int = 0
    hosts: tuple[str, ...] = ()
    known: Known | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class HeldService:
    """So many messages to one service were held."""

    service: str = ""
    count: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Digest:
    """``digest``: one message a day of what nobody had to be woken for."""

    since: When = None
    until: When = None
    causes: tuple[DigestCause, ...] = ()
    more_causes: int = 0
    boots: tuple[LostHost, ...] = ()  # that nobody announced
    more_boots: int = 0
    silent: tuple[QuietHost, ...] = ()  # silent now
    never: tuple[QuietHost, ...] = ()  # listed, never heard
    held: tuple[HeldService, ...] = ()
    silenced: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class LostAlert:
    """An alert that a service never took."""

    incident_id: str | None = None
    title: str | None = None
    host: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Undelivered:
    """``undelivered``: alerts that were given up for one service."""

    service: str = ""
    reason: str | None = None
    count: int = 0
    alerts: tuple[LostAlert, ...] = ()


Facts = (
    FollowUp
    | PanicLoop
    | Back
    | SuspectedCrash
    | SenderSilent
    | SenderSpeaks
    | NeverHeard
    | MonitorDeaf
    | MonitorHears
    | Held
    | SilenceEnded
    | Digest
    | Undelivered
)

INCIDENT = "incident"  # its context is render.context.MessageContext
# The kind of a notification, and what its details are. A "test" and a drill are
# rendered by the templates of ``incident``, so that they show what an alert looks like.
KINDS: dict[str, type[Facts]] = {
    "follow-up": FollowUp,
    "panic-loop": PanicLoop,
    "back": Back,
    "suspected-crash": SuspectedCrash,
    "sender-silent": SenderSilent,
    "sender-speaks": SenderSpeaks,
    "never-heard": NeverHeard,
    "monitor-deaf": MonitorDeaf,
    "monitor-hears": MonitorHears,
    "held": Held,
    "silence-ended": SilenceEnded,
    "digest": Digest,
    "undelivered": Undelivered,
}
WITH_TRACE = frozenset({"follow-up", "panic-loop"})  # of the notification's incident


def facts_of(kind: str, details: Mapping[str, Any]) -> Facts:
    """Read the details of a notification; never fails on what they hold.

    >>> facts_of("back", {"hosts": [{"name": "db-07", "down_s": "x"}], "count": 1})
    Back(hosts=(BackHost(name='db-07', address='', at=None, down_s=None, kernel=None, \
kernel_before=None, incident_id=None, title=None),), count=1)
    """
    return _build(KINDS[kind], details)


def notes_of(details: Mapping[str, Any]) -> IncidentNotes:
    """Read the details of an incident's notification."""
    return _build(IncidentNotes, details)


@functools.cache
def _hints(cls: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _build(cls: type[_T], raw: object) -> _T:
    hints = _hints(typing.cast("Hashable", cls))
    if isinstance(raw, list | tuple):  # by position, as shares are stored
        raw = dict(zip(hints, raw, strict=False))
    if not isinstance(raw, dict):
        raw = {}
    values = {}
    for name, hint in hints.items():
        found, value = _read(hint, raw.get(name))
        if found:
            values[name] = value
    return cls(**values)


def _read(hint: Any, raw: Any) -> tuple[bool, Any]:  # noqa: ANN401 - JSON
    """Return whether a value is of a type, and the value."""
    if raw is None:
        return False, None
    if typing.get_origin(hint) is tuple:
        (inner, _) = typing.get_args(hint)
        if not isinstance(raw, list | tuple):
            return False, None
        read = [_read(inner, item) for item in raw]
        return True, tuple(value for found, value in read if found)
    if typing.get_origin(hint) in {Union, types.UnionType}:
        read = [_read(choice, raw) for choice in typing.get_args(hint)]
        return next((answer for answer in read if answer[0]), (False, None))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return isinstance(raw, dict | list | tuple), _build(hint, raw)
    if hint is float:
        good = isinstance(raw, int | float) and not isinstance(raw, bool)
        return good, raw
    return type(raw) is hint, raw
