"""What an incident tool is told: problems with a key that open and close. Pure.

PagerDuty, Opsgenie, Splunk On-Call, Grafana OnCall and Alertmanager have the same
model. A problem has a key; what is sent under it opens it, takes it or closes it.
Sending the same again changes nothing, so a copy after a failure is harmless.

``notification.effect`` says what each kind of message does. Messages about silent
senders name hosts and have no key: here each host is a problem of its own, opened by
``sender-silent`` or ``never-heard`` and closed by ``sender-speaks``. Other messages
without a key open a problem under their own id, which people close.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.notification.acknowledged import Acknowledged, Unacknowledged
from omprog_panic.notification.boots import Back, SuspectedCrash
from omprog_panic.notification.cause import CauseSummary, FollowUp, PanicLoop
from omprog_panic.notification.effect import EFFECTS, Effect, Importance, importance
from omprog_panic.notification.escalated import Escalated
from omprog_panic.notification.incident import IncidentNotes, RequestedTest
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.resolved import Resolved
from omprog_panic.notification.senders import NeverHeard, SenderSilent, SenderSpeaks
from omprog_panic.notification.thread_keys import MAX_HOSTS, host_key
from omprog_panic.plain import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omprog_panic.notification.senders import SilentHost
    from omprog_panic.sinks.sink import Alert

MAX_DETAIL = 1000  # characters of one detail


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One thing to say under one key; all text is safe to show.

    ``source`` is the host it is about. ``since`` is wall time in seconds, where the
    message knows it. ``author`` and ``comment`` are those of an acknowledgement, or of
    who resolved it.
    """

    effect: Effect
    key: str
    summary: str
    source: str
    importance: Importance
    kind: str
    details: Mapping[str, str]
    since: float | None = None
    author: str = ""
    comment: str = ""


def events_of(alert: Alert, summary: str) -> tuple[IncidentEvent, ...]:
    """Return what to say about an alert; ``summary`` is its rendered subject."""
    facts = alert.notification.facts
    if isinstance(facts, SenderSilent | SenderSpeaks | NeverHeard):
        return _of_hosts(alert, summary, facts)
    return (_event(alert, summary),)


def importance_of(alert: Alert) -> Importance:
    """Return how urgent an alert is."""
    notification = alert.notification
    facts = notification.facts
    is_drill = isinstance(facts, IncidentNotes) and facts.drill
    severity = "drill" if is_drill else notification.labels.severity
    return importance(notification.kind, severity)


def _event(alert: Alert, summary: str) -> IncidentEvent:
    notification = alert.notification
    author, comment = _said_by(alert)
    cause = _cause_of(alert)
    key = notification.dedup_key
    if key is None:
        about = notification.incident_id or notification.id
        key = f"omprog-panic:{notification.kind.value}:{about}"
    labels = notification.labels
    return IncidentEvent(
        effect=EFFECTS[notification.kind],
        key=one_line(key, 255),
        summary=summary,
        source=one_line(labels.host or labels.address or "omprog-panic", 200),
        importance=importance_of(alert),
        kind=notification.kind.value,
        details=details_of(alert),
        since=None if cause is None else cause.since,
        author=author,
        comment=comment,
    )


def _of_hosts(
    alert: Alert, summary: str, facts: SenderSilent | SenderSpeaks | NeverHeard
) -> tuple[IncidentEvent, ...]:
    whole = _event(alert, summary)
    named = facts.hosts[:MAX_HOSTS]
    events = [_of_host(whole, host) for host in named]
    if facts.count > len(named) and not isinstance(facts, SenderSpeaks):
        events.append(whole)
    return tuple(events)


def _of_host(whole: IncidentEvent, host: SilentHost) -> IncidentEvent:
    name = one_line(host.name or host.address, 200)
    shown = name if name == host.address else f"{name} ({host.address})"
    words = {
        Kind.SENDER_SILENT.value: "is silent",
        Kind.SENDER_SPEAKS.value: "is heard again",
        Kind.NEVER_HEARD.value: "was never heard",
    }
    details = {**whole.details, "host": name, "address": host.address}
    return dataclasses.replace(
        whole,
        key=host_key(host.address),
        summary=f"{shown} {words[whole.kind]}",
        source=name,
        details={name: text for name, text in details.items() if text},
        since=host.last_heard_at or host.at,
    )


def _said_by(alert: Alert) -> tuple[str, str]:
    facts = alert.notification.facts
    if isinstance(facts, Acknowledged):
        author, comment = facts.holder.author, facts.holder.comment
    elif isinstance(facts, Unacknowledged):
        author, comment = facts.by, ""
    elif isinstance(facts, Resolved):
        author, comment = facts.by, facts.comment
    else:
        author, comment = "", ""
    return one_line(author, 100), one_line(comment, MAX_DETAIL)


def _cause_of(alert: Alert) -> CauseSummary | None:
    facts = alert.notification.facts
    about_cause = (
        FollowUp | PanicLoop | Escalated | Acknowledged | Unacknowledged | Resolved
    )
    return facts.cause if isinstance(facts, about_cause) else None


def details_of(alert: Alert) -> dict[str, str]:
    """Return the facts of an alert as names and text; what is empty is left out."""
    notification = alert.notification
    labels, facts = notification.labels, notification.facts
    found = {
        "alert": alert.alert_id,
        "message": notification.kind.value,
        "lifecycle": notification.lifecycle.value,
        "incident": notification.incident_id or "",
        "cause": notification.cause or "",
        "severity": labels.severity,
        "crash": labels.kind,
        "host": labels.host,
        "address": labels.address,
        "group": labels.group,
        "title": labels.title,
        "function": labels.function,
        "subsystem": labels.subsystem,
        "kernel": labels.kernel,
    }
    cause = _cause_of(alert)
    if cause is not None:
        found |= {"hosts": str(cause.all_hosts), "crashes": str(cause.all_crashes)}
    if isinstance(facts, Back | SuspectedCrash | SenderSilent | SenderSpeaks):
        found["hosts"] = str(facts.count)
    if isinstance(facts, RequestedTest):
        found["test"] = "yes"
    author, comment = _said_by(alert)
    found |= {"by": author, "comment": comment}
    return {
        name: one_line(visible(text), MAX_DETAIL)
        for name, text in found.items()
        if text
    }
