"""Explains who would be notified of an alert, and why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.alerter.policy_settings import policy_settings
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.duration import format_duration
from omprog_panic.config.policy import Action
from omprog_panic.config.routing import parse_match
from omprog_panic.config.time_span import parse_moment, parse_span
from omprog_panic.config.vocabulary import DRILL
from omprog_panic.errors import OmprogPanicError, StoreError
from omprog_panic.model import Severity
from omprog_panic.notification.codec import encode_labels
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.evaluation import Evaluation
from omprog_panic.policy.rate_limit import HOUR_S
from omprog_panic.policy.route import explain_routes
from omprog_panic.policy.silence import (
    active_silence,
    configure_windows,
    describe_silence,
)
from omprog_panic.policy.state.memory import Memory
from omprog_panic.policy.state.silence import SilenceState
from omprog_panic.policy.timestamps import Timestamps
from omprog_panic.render.context import utc
from omprog_panic.store import silences
from omprog_panic.store.connect import existing_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.policy.route import FiredRoute, RouteStep
    from omprog_panic.policy.settings import Settings

# Messages about the monitor and about silences; and a digest is made of what is silent.
_NEVER_SILENCED = frozenset(
    kind.value
    for kind in (
        Kind.MONITOR_DEAF,
        Kind.MONITOR_HEARS,
        Kind.DATABASE_DAMAGED,
        Kind.SILENCE_ENDED,
        Kind.SUPPRESSED,
        Kind.DIGEST,
    )
)
_SEVERITIES = frozenset(severity.value for severity in Severity)


@dataclasses.dataclass(frozen=True, slots=True)
class RoutingQuestion:
    """An alert; "" for what is not known. ``severity`` may also be a kind of message.

    A listed ``host`` stands for its address, and a listed ``address`` for its name.
    """

    severity: str
    kind: str = ""
    host: str = ""
    address: str = ""
    title: str = ""
    function: str = ""
    kernel: str = ""
    subsystem: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class NotifiedService:
    """A service that would be notified, and the route that names it."""

    service: str
    route: str
    template: str | None
    suppressed: str | None = None  # why it would not be sent now


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedEscalation:
    """Who would be notified if nobody acknowledged; ``repeat`` None: once."""

    after: str  # since the first message, as in config.yaml
    repeat: str | None
    route: str
    services: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "after": self.after,
            "repeat": self.repeat,
            "route": self.route,
            "services": list(self.services),
        }


@dataclasses.dataclass(frozen=True, slots=True)
class RoutingAnswer:
    """What the policy would do with one alert; ``silence``: what covers it then."""

    labels: Labels
    action: Action
    reason: str
    steps: tuple[RouteStep, ...]
    services: tuple[NotifiedService, ...]
    silence: str | None = None
    escalation: tuple[PlannedEscalation, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "labels": encode_labels(self.labels),
            "level": self.action.value,
            "level_because": self.reason,
            "routes": [_step_to_json(step) for step in self.steps],
            "services": [
                {
                    "service": s.service,
                    "route": s.route,
                    "template": s.template,
                    "suppressed": s.suppressed,
                }
                for s in self.services
            ],
            "silence": self.silence,
            "escalation": [step.to_json() for step in self.escalation],
        }


def parse_at(text: str) -> float:
    """Return the wall time that an alert is asked for.

    Raises:
        OmprogPanicError: it is no time with its zone.

    """
    try:
        return parse_moment(text)
    except ValueError as error:
        raise OmprogPanicError(str(error)) from error


def load_memory(path: Path | str) -> Memory | None:
    """Return what the policy remembers, with the silences as they are stored now.

    None: the database cannot be read, or there is none so far.
    """
    try:
        with existing_database(path) as database, database.read() as connection:
            memory = open_memory(connection)
            for stored in silences.list_silences(connection, 0.0):
                row = SilenceState(
                    id=stored.id,
                    match=parse_match(dict(stored.match)),
                    author=stored.author,
                    comment=stored.comment,
                    starts_at=stored.starts_at,
                    ends_at=stored.ends_at,
                    every=tuple(map(parse_span, stored.every)),
                )
                memory.silences.put(row.id, row)
    except StoreError:
        return None
    return memory


def explain_routing(
    config: AlerterConfig,
    question: RoutingQuestion,
    memory: Memory | None = None,
    at: float | None = None,
) -> RoutingAnswer:
    """Return what the policy would do with an alert, and why.

    ``memory``: for silences, rate limits and open groups as they are now. ``at``: the
    wall time at which it arrives, for times of routes, silences and maintenance
    windows; None: now.
    """
    settings = policy_settings(config)
    wall = SystemClock().wall() if at is None else at
    labels = _labels(settings, question)
    action, reason = _action(settings, labels)
    # A digest is a message of its own, which has routes of its own.
    routed = Labels("digest") if action is Action.DIGEST else labels
    fired = {} if action is Action.STORE else settings.route(routed, wall)
    names = {receiver.key: receiver.label for receiver in settings.receivers}
    return RoutingAnswer(
        labels=labels,
        action=action,
        reason=reason,
        steps=tuple(explain_routes(settings.config.root, routed, wall)),
        services=tuple(
            NotifiedService(
                names[key],
                route.name,
                route.template,
                None if memory is None else _suppressed(settings, memory, key, labels),
            )
            for key, route in fired.items()
        ),
        silence=_silenced(settings, memory or Memory(), labels, wall),
        escalation=tuple(_escalation(settings, labels, fired.values())),
    )


def _escalation(
    settings: Settings, labels: Labels, routes: Iterable[FiredRoute]
) -> Iterator[PlannedEscalation]:
    """Yield the steps of all routes, the first ones first; only crashes have any."""
    if labels.severity not in _SEVERITIES | {DRILL}:
        return
    steps = {(step.after_s, r.name, step) for r in routes for step in r.escalate}
    for after_s, name, step in sorted(steps, key=lambda item: item[:2]):
        named = [r.label for r in settings.receivers if set(step.to) & set(r.tags)]
        repeat = None if step.repeat_s is None else format_duration(step.repeat_s)
        yield PlannedEscalation(format_duration(after_s), repeat, name, tuple(named))


def _silenced(
    settings: Settings, memory: Memory, labels: Labels, wall: float
) -> str | None:
    if labels.severity in _NEVER_SILENCED:
        return None
    # The alerter may not have read the windows of this config.yaml.
    for key in [key for key, row in memory.silences.rows.items() if row.is_window]:
        memory.silences.drop(key)
    configure_windows(Evaluation(settings, memory, Timestamps(0.0, wall, 0.0)))
    row = active_silence(memory, labels, wall)
    if row is None:
        return None
    match = " and ".join(map(str, row.match)) or "everything"
    return describe_silence(row, match)


def _suppressed(
    settings: Settings, memory: Memory, service: str, labels: Labels
) -> str | None:
    """Return why a service would not be sent this alert now; None: it would be."""
    monitor = memory.current_monitor
    t = monitor.t + max(0.0, SystemClock().wall() - monitor.wall)
    grouping = settings.config.grouping
    for group in memory.groups.rows.values():
        if (
            labels.title
            and group.service == service
            and labels.title in group.totals.titles
            and t - group.last_t <= grouping.forget_after_s
        ):
            return f"the same cause is open since {utc(rfc3339(group.opened_at))}"
    row = memory.rate_limits.get(service)
    sent = 0 if row is None else sum(t - at < HOUR_S for at in row.sent)
    if sent >= grouping.messages_per_hour:
        return f"it was sent {sent} messages within an hour"
    return None


def _action(settings: Settings, labels: Labels) -> tuple[Action, str]:
    if labels.severity not in _SEVERITIES:
        return Action.ALERT, "a message that is not about a crash is sent at once"
    action, reason = settings.action(labels.severity, labels.kind)
    if action is Action.DIGEST and settings.config.digest_at is None:
        return Action.STORE, f"{reason}, and digest.at is never"
    return action, reason


def _labels(settings: Settings, question: RoutingQuestion) -> Labels:
    address = question.address
    if not address:
        named = [s for s in settings.config.senders if s.name == question.host]
        address = (named[0].single or "") if named else ""
    return Labels(
        severity=question.severity,
        kind=question.kind,
        host=question.host or settings.directory.name_of(address, None),
        address=address,
        group=settings.directory.group_of(address),
        addresses=settings.directory.addresses_of(address)[1:],
        title=question.title,
        function=question.function,
        kernel=question.kernel,
        subsystem=question.subsystem,
    )


def _step_to_json(step: RouteStep) -> dict[str, Any]:
    return {
        "depth": step.depth,
        "name": step.name,
        "fired": step.fired,
        "words": step.words,
    }
