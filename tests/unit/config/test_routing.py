from __future__ import annotations

from typing import Any

from omprog_panic.config.routing import (
    Matcher,
    Route,
    match_to_json,
    parse_match,
    parse_routes,
    walk_routes,
)
from omprog_panic.config.schema import with_defaults


def parse(**sections: Any) -> Route:
    return parse_routes(with_defaults(sections))


def test_a_route_inherits_services_and_template() -> None:
    root = parse(
        default_route={"to": "ops", "template": "short"},
        routes=[{"routes": [{"to": ["dba"]}, {"template": "long"}]}],
    )

    [outer] = root.routes
    first, second = outer.routes
    assert (root.to, outer.to, outer.template) == (("ops",), ("ops",), "short")
    assert (first.to, first.template) == (("dba",), "short")
    assert (second.to, second.template) == (("ops",), "long")


def test_no_services_and_every_service_are_two_things() -> None:
    root = parse(routes=[{"to": []}])

    assert root.to is None
    assert root.routes[0].to == ()


def test_a_route_without_a_name_is_called_by_its_place() -> None:
    root = parse(routes=[{"routes": [{}, {"name": "night"}]}])

    names = [route.name for _, route, _ in walk_routes(root)]
    assert names == ["default_route", "routes[0]", "routes[0].routes[0]", "night"]


def test_paths_are_those_of_config_yaml() -> None:
    root = parse(routes=[{"routes": [{}]}, {}])

    assert [path for path, _, _ in walk_routes(root)] == [
        "$.default_route",
        "$.routes[0]",
        "$.routes[0].routes[0]",
        "$.routes[1]",
    ]


def test_matchers_are_read_back_as_they_were_written() -> None:
    match = parse_match({"host": ["db-*", "!db-07"], "severity": "panic"})

    assert match[1] == Matcher("severity", ("panic",))
    assert parse_match(match_to_json(match)) == match
