"""How many messages a service may be sent within an hour, and which go first. Pure.

The limit holds for every kind of message, and nobody can use it up for the others:
repeats may take half of it, further causes of a host three quarters, and only the
first crash of a host within the hour all of it. The hosts that are listed by one
network only count as one host there: their addresses can be forged by the thousand.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from omprog_panic.model import Severity
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.suppressed import SuppressedCause

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.policy.draft import Draft
    from omprog_panic.policy.state.rate_limit import RateLimitState
    from omprog_panic.policy.timestamps import Timestamps

HOUR_S = 3600.0
MONITOR_PER_HOUR = 12  # messages about the monitor itself, which have their own limit
MAX_HOSTS = 4096  # whose crashes are remembered for an hour, for each service
MAX_CAUSES = 100  # suppressed ones that the notice names, and hosts of each
MAX_HOSTS_OF_CAUSE = 20
_WORST_FIRST = (*(severity.value for severity in Severity), Kind.SUSPECTED_CRASH.value)


class Urgency(enum.Enum):
    """What a message reports; the value is the part of the limit that it leaves."""

    FIRST_CRASH = 0.0  # of a host within the hour
    NEW_CAUSE = 0.25  # of a host that was reported within the hour
    REPEAT = 0.5  # and everything that is no crash, and drills


def urgency_of(row: RateLimitState, draft: Draft) -> Urgency:
    """Return what a message reports to this service."""
    if not draft.crashed:
        return Urgency.REPEAT
    if all(share in row.hosts for share in draft.shares):
        return Urgency.NEW_CAUSE
    return Urgency.FIRST_CRASH


def admit(
    row: RateLimitState, per_hour: int, now: Timestamps, draft: Draft, kind: Kind
) -> bool:
    """Count a message to a service; False: it is suppressed, and remembered as such."""
    row.sent = [t for t in row.sent if now.t - t < HOUR_S]
    row.hosts = {host: t for host, t in row.hosts.items() if now.t - t < HOUR_S}
    urgency = urgency_of(row, draft)
    if len(row.sent) < per_hour - int(per_hour * urgency.value):
        row.sent.append(now.t)
        for share in draft.shares:
            if len(row.hosts) < MAX_HOSTS:
                row.hosts[share] = now.t
        return True
    suppress(row, now, draft, kind)
    return False


def has_room(row: RateLimitState, per_hour: int, now: Timestamps, draft: Draft) -> bool:
    """Return what ``admit`` would, and count nothing."""
    recent = sum(now.t - t < HOUR_S for t in row.sent)
    known = all(now.t - row.hosts.get(s, -HOUR_S) < HOUR_S for s in draft.shares)
    urgency = Urgency.REPEAT
    if draft.crashed:
        urgency = Urgency.NEW_CAUSE if known else Urgency.FIRST_CRASH
    return recent < per_hour - int(per_hour * urgency.value)


def admit_monitor(
    row: RateLimitState, now: Timestamps, draft: Draft, kind: Kind
) -> bool:
    """Do the same for a message about the monitor: crashes do not use up its limit."""
    row.monitor = [t for t in row.monitor if now.t - t < HOUR_S]
    if len(row.monitor) < MONITOR_PER_HOUR:
        row.monitor.append(now.t)
        return True
    suppress(row, now, draft, kind)
    return False


def suppress(row: RateLimitState, now: Timestamps, draft: Draft, kind: Kind) -> None:
    """Remember a message that is not sent, for the notice."""
    row.suppressed[kind] = row.suppressed.get(kind, 0) + 1
    if row.first_t is None:
        row.first_t, row.first_at = now.t, now.wall
    labels = draft.labels
    key = f"{labels.severity}|{labels.title}"
    known = row.causes.get(key)
    if known is None and len(row.causes) >= MAX_CAUSES:
        # A flood of lesser ones must not keep a panic from being named.
        last = max(row.causes, key=lambda one: _rank(row.causes[one].severity))
        if _rank(row.causes[last].severity) <= _rank(labels.severity):
            row.more_causes += 1
            return
        row.more_causes += row.causes.pop(last).count
    names = [host.name or host.address for host in draft.crashed]
    if not names and (labels.host or labels.address):
        names = [labels.host or labels.address]
    before = SuppressedCause(labels.severity, labels.title) if known is None else known
    row.causes[key] = SuppressedCause(
        severity=labels.severity,
        title=labels.title,
        hosts=tuple(dict.fromkeys([*before.hosts, *names]))[:MAX_HOSTS_OF_CAUSE],
        count=before.count + 1,
    )


def _rank(severity: str) -> int:
    """Return the place of a severity, the worst first."""
    known = severity in _WORST_FIRST
    return _WORST_FIRST.index(severity) if known else len(_WORST_FIRST)


def worst_first(causes: Iterable[SuppressedCause]) -> tuple[SuppressedCause, ...]:
    """Sort what was suppressed, panics first; drills and states of hosts last."""
    return tuple(
        sorted(
            causes,
            key=lambda c: (
                _rank(c.severity),
                -len(c.hosts),
                -c.count,
                c.title,
            ),
        )
    )


def notice_is_due(row: RateLimitState, wait_s: float, now: Timestamps) -> bool:
    """Return whether to report what was suppressed: after a wait, and once an hour."""
    if row.first_t is None or now.t - row.first_t < wait_s:
        return False
    return row.notice_t is None or now.t - row.notice_t >= HOUR_S
