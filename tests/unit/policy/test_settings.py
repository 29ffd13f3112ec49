"""What the policy is configured with."""

from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.config.policy import Action, parse_policy
from omprog_panic.model import Severity
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.receiver import Receiver
from omprog_panic.policy.settings import Settings, build_settings

RECEIVERS = [Receiver("1", "one", ("ops", "dba")), Receiver("2", "two", ("night",))]
PANIC = Labels("panic")


def settings_of(**data: Any) -> Settings:
    return build_settings(parse_policy(data), RECEIVERS)


@pytest.mark.parametrize(
    ("severity", "action"),
    [
        (Severity.PANIC, Action.ALERT),
        (Severity.OOPS, Action.ALERT),
        (Severity.LOCKUP, Action.ALERT),
        (Severity.HARDWARE, Action.ALERT),
        (Severity.WARNING, Action.DIGEST),
        (Severity.INFO, Action.STORE),
    ],
)
def test_the_defaults_of_the_design(severity: Severity, action: Action) -> None:
    assert build_settings().action(severity.value, "other")[0] is action


def test_kinds_go_before_severities() -> None:
    settings = settings_of(severities={"oops": "store"}, kinds={"hung-task": "alert"})

    assert settings.action("oops", "kasan") == (Action.STORE, "severity oops is store")
    assert settings.action("warning", "hung-task") == (
        Action.ALERT,
        "kinds.hung-task is alert",
    )
    assert settings.action("warning", "ubsan")[0] is Action.DIGEST
    assert settings.action("panic", "panic")[0] is Action.ALERT


def test_tags_become_services_and_each_is_notified_once() -> None:
    settings = settings_of(
        routes=[
            {"name": "a", "to": ["ops"], "continue": True},
            {"name": "b", "to": ["dba", "night"]},
        ]
    )

    routed = settings.route(PANIC, 0.0)
    assert {key: route.name for key, route in routed.items()} == {"1": "a", "2": "b"}


def test_a_route_may_name_nobody_and_the_default_one_names_everybody() -> None:
    assert settings_of(routes=[{"to": []}]).route(PANIC, 0.0) == {}
    assert set(settings_of().route(PANIC, 0.0)) == {"1", "2"}


def test_the_most_specific_entry_names_a_sender() -> None:
    directory = settings_of(
        senders=[
            {"name": "rack-3", "address": ["10.3.0.0/24", "2001:db8::/64"]},
            {"name": "db-07", "address": "10.3.0.7"},
        ]
    ).directory

    assert directory.name_of("10.3.0.7", "what it says") == "db-07"
    assert directory.name_of("10.3.0.8", "web-8") == "web-8"
    assert directory.group_of("10.3.0.8") == "rack-3"
    assert directory.group_of("10.4.0.8") == ""
    assert directory.name_of("10.4.0.8", None) == "10.4.0.8"


@pytest.mark.parametrize(
    ("general", "own", "shortest"),
    [(3600, None, 3600), (3600, 600, 600), (0, 600, 600), (3600, 0, 3600), (0, 0, 0)],
)
def test_the_shortest_limit_of_all_senders(
    general: float, own: float | None, shortest: float
) -> None:
    entry = {"name": "db-07", "address": "10.3.0.7"}
    sender = entry if own is None else {**entry, "silent_after_s": own}
    life_signs = {"silent_after_s": general}

    settings = settings_of(life_signs=life_signs, senders=[sender])
    assert settings.shortest_silence_s == shortest
