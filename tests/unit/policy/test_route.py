from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.policy.match import Labels
from omprog_panic.policy.route import build_routes, explain_routes, find_routes
from omprog_panic.policy.settings import Receiver, build_settings

PANIC = Labels(
    "panic",
    kind="oops",
    host="db-07",
    address="10.3.0.7",
    group="rack-3",
    title="BUG: kernel NULL pointer dereference in ext4_mark_inode_dirty",
    function="ext4_mark_inode_dirty",
    kernel="6.1.0-56-cloud-amd64",
)


def fired(labels: Labels, **data: Any) -> list[str]:
    return [route.name for route in find_routes(build_routes(data), labels)]


def test_without_routes_the_default_answers() -> None:
    [route] = find_routes(build_routes({}), PANIC)

    assert (route.name, route.to) == ("default_route", None)


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ({"severity": "panic"}, True),
        ({"severity": ["oops", "panic"]}, True),
        ({"severity": "oops"}, False),
        ({"kind": "o*"}, True),
        ({"host": "db-*"}, True),
        ({"host": "DB-07"}, True),
        ({"host": "rack-3"}, True),
        ({"host": "10.3.0.0/24"}, True),
        ({"host": "10.3.0.7"}, True),
        ({"host": "10.4.0.0/24"}, False),
        ({"host": ["db-*", "!db-07"]}, False),
        ({"host": "!web-*"}, True),
        ({"host": ["10.0.0.0/8", "!rack-3"]}, False),
        ({"title": "*null pointer*"}, True),
        ({"function": "ext4_*"}, True),
        ({"function": "ext4"}, False),
        ({"kernel": "6.1.*"}, True),
        ({"kernel": "5.*"}, False),
        ({"severity": "panic", "kernel": "5.*"}, False),
        ({}, True),
    ],
    ids=str,
)
def test_a_match(match: dict[str, Any], holds: bool) -> None:
    wanted = "routes[0]" if holds else "default_route"

    assert fired(PANIC, routes=[{"match": match}]) == [wanted]


def test_the_first_that_matches_answers_alone() -> None:
    routes = [{"name": "a"}, {"name": "b"}]

    assert fired(PANIC, routes=routes) == ["a"]


def test_continue_asks_the_next_ones_too() -> None:
    routes = [
        {"name": "a", "continue": True},
        {"name": "b", "match": {"severity": "oops"}},
        {"name": "c"},
        {"name": "d"},
    ]

    assert fired(PANIC, routes=routes) == ["a", "c"]


def test_inner_routes_answer_before_the_outer_one() -> None:
    inner = [{"name": "in", "match": {"host": "db-*"}}]
    routes = [{"name": "out", "to": "ops", "template": "short", "routes": inner}]
    tree = build_routes({"routes": routes})

    [route] = find_routes(tree, PANIC)
    assert (route.name, route.to, route.template) == ("in", ("ops",), "short")
    [route] = find_routes(tree, PANIC._replace(host="web-1"))
    assert route.name == "out"


def test_every_route_that_was_asked_says_why() -> None:
    routes = [
        {"name": "web", "match": {"host": "web-*"}},
        {
            "name": "all",
            "match": {"severity": "panic"},
            "routes": [{"name": "old", "match": {"kernel": "5.*"}}],
        },
        {"name": "never asked"},
    ]
    steps = explain_routes(build_routes({"routes": routes}), PANIC)

    assert [(s.name, s.depth, s.fired, s.words) for s in steps] == [
        (
            "default_route",
            0,
            False,
            "matches (matches everything), its own routes answer",
        ),
        ("web", 1, False, "does not match: host=web-* is not 'db-07'"),
        ("all", 1, True, "fires: severity=panic, none of its own routes matches"),
        ("old", 2, False, "does not match: kernel=5.* is not '6.1.0-56-cloud-amd64'"),
    ]


def test_tags_become_services_and_each_is_told_once() -> None:
    receivers = [Receiver("1", "one", ("ops", "dba")), Receiver("2", "two", ("night",))]
    routes = [
        {"name": "a", "to": ["ops"], "continue": True},
        {"name": "b", "to": ["dba", "night"]},
    ]
    settings = build_settings({"routes": routes}, receivers)

    told = settings.route(PANIC)
    assert {key: route.name for key, route in told.items()} == {"1": "a", "2": "b"}
    nobody = build_settings({"routes": [{"to": []}]}, receivers)
    assert nobody.route(PANIC) == {}
    assert set(build_settings({}, receivers).route(PANIC)) == {"1", "2"}


def test_kinds_go_before_severities() -> None:
    settings = build_settings(
        {"severities": {"oops": "store"}, "kinds": {"hung-task": "alert"}}
    )

    assert settings.level("oops", "kasan") == ("store", "severity oops is store")
    assert settings.level("warning", "hung-task")[0] == "alert"
    assert settings.level("warning", "ubsan")[0] == "digest"
    assert settings.level("panic", "panic")[0] == "alert"


def test_the_most_specific_entry_names_a_sender() -> None:
    settings = build_settings(
        {
            "senders": [
                {"name": "rack-3", "address": ["10.3.0.0/24", "2001:db8::/64"]},
                {"name": "db-07", "address": "10.3.0.7"},
            ]
        }
    )

    assert settings.name_of("10.3.0.7", "what it says") == "db-07"
    assert settings.name_of("10.3.0.8", "web-8") == "web-8"
    assert settings.group_of("10.3.0.8") == "rack-3"
    assert settings.group_of("10.4.0.8") == ""
    assert settings.name_of("10.4.0.8", None) == "10.4.0.8"
