"""Explains who would be notified of an alert, and why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.alerter.policy_settings import policy_settings
from omprog_panic.config.policy import Action
from omprog_panic.model import Severity
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.route import explain_routes

if TYPE_CHECKING:
    from omprog_panic.config.model import AlerterConfig
    from omprog_panic.policy.route import RouteStep
    from omprog_panic.policy.settings import Settings

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


@dataclasses.dataclass(frozen=True, slots=True)
class NotifiedService:
    """A service that would be notified, and the route that names it."""

    service: str
    route: str
    template: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class RoutingAnswer:
    """What the policy would do with one alert on its own, without grouping."""

    labels: Labels
    action: Action
    reason: str
    steps: tuple[RouteStep, ...]
    services: tuple[NotifiedService, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "labels": _labels_to_json(self.labels),
            "level": self.action.value,
            "level_because": self.reason,
            "routes": [_step_to_json(step) for step in self.steps],
            "services": [
                {"service": s.service, "route": s.route, "template": s.template}
                for s in self.services
            ],
        }


def explain_routing(config: AlerterConfig, question: RoutingQuestion) -> RoutingAnswer:
    """Return what the policy would do with an alert, and why."""
    settings = policy_settings(config)
    labels = _labels(settings, question)
    action, reason = _action(settings, labels)
    # A digest is a message of its own, which has routes of its own.
    routed = Labels("digest") if action is Action.DIGEST else labels
    fired = {} if action is Action.STORE else settings.route(routed)
    names = {receiver.key: receiver.label for receiver in settings.receivers}
    return RoutingAnswer(
        labels=labels,
        action=action,
        reason=reason,
        steps=tuple(explain_routes(settings.config.root, routed)),
        services=tuple(
            NotifiedService(names[key], route.name, route.template)
            for key, route in fired.items()
        ),
    )


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
    )


def _labels_to_json(labels: Labels) -> dict[str, Any]:
    return {
        "severity": labels.severity,
        "kind": labels.kind,
        "host": labels.host,
        "address": labels.address,
        "group": labels.group,
        "title": labels.title,
        "function": labels.function,
        "kernel": labels.kernel,
    }


def _step_to_json(step: RouteStep) -> dict[str, Any]:
    return {
        "depth": step.depth,
        "name": step.name,
        "fired": step.fired,
        "words": step.words,
    }
