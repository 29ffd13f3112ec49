from __future__ import annotations

from typing import Any

from omprog_panic.config.policy import parse_policy
from omprog_panic.config.routing import Route
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.route import explain_routes, find_routes

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


def root_of(**data: Any) -> Route:
    return parse_policy(data).root


def fired(labels: Labels, **data: Any) -> list[str]:
    return [route.name for route in find_routes(root_of(**data), labels, 0.0)]


def test_without_routes_the_default_answers() -> None:
    [route] = find_routes(root_of(), PANIC, 0.0)

    assert (route.name, route.to) == ("default_route", None)


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
    tree = root_of(routes=routes)

    [route] = find_routes(tree, PANIC, 0.0)
    assert (route.name, route.to, route.template) == ("in", ("ops",), "short")
    [route] = find_routes(tree, PANIC._replace(host="web-1"), 0.0)
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
    steps = explain_routes(root_of(routes=routes), PANIC, 0.0)

    assert [(s.name, s.depth, s.fired, s.words) for s in steps] == [
        (
            "default_route",
            0,
            False,
            "matches (matches everything), its own routes are tried",
        ),
        ("web", 1, False, "does not match: host=web-* is not 'db-07'"),
        ("all", 1, True, "fires: severity=panic, none of its own routes matches"),
        ("old", 2, False, "does not match: kernel=5.* is not '6.1.0-56-cloud-amd64'"),
    ]
