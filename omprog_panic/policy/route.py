"""The tree of routes: who is told of what. Pure.

As in Alertmanager: a route that matches asks its own routes first, in their order;
the first of them that matches answers, and the next ones are asked only where it says
``continue``. A route of which no inner one matches answers itself. The default route
is the root of the tree and always matches.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from omprog_panic.policy.match import Match, build_match, failing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omprog_panic.policy.match import Labels

DEFAULT = "default_route"


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """One node. ``to`` None: every service; empty: nobody."""

    name: str
    match: Match = ()
    to: tuple[str, ...] | None = None
    template: str | None = None
    go_on: bool = False
    routes: tuple[Route, ...] = ()


class Fired(NamedTuple):
    """A route that answered, and why it did."""

    name: str
    to: tuple[str, ...] | None
    template: str | None
    why: str


class Step(NamedTuple):
    """One route that was asked, for ``routes test``."""

    depth: int
    name: str
    fired: bool
    words: str


def build_routes(data: Mapping[str, Any]) -> Route:
    """Make the tree of the checked ``default_route`` and ``routes`` of config.yaml."""
    root = data.get("default_route") or {}
    top = Route(DEFAULT, (), _tags(root, None), root.get("template"))
    inner = _inner(data.get("routes") or (), top, "routes")
    return dataclasses.replace(top, routes=inner)


def _inner(items: Any, parent: Route, where: str) -> tuple[Route, ...]:  # noqa: ANN401 - JSON
    return tuple(
        _build(item, parent, f"{where}[{number}]") for number, item in enumerate(items)
    )


def _build(item: Mapping[str, Any], parent: Route, where: str) -> Route:
    route = Route(
        name=str(item.get("name") or where),
        match=build_match(item.get("match") or {}),
        to=_tags(item, parent.to),
        template=item.get("template", parent.template),
        go_on=bool(item.get("continue", False)),
    )
    inner = _inner(item.get("routes") or (), route, f"{where}.routes")
    return dataclasses.replace(route, routes=inner)


def _tags(
    item: Mapping[str, Any], inherited: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    asked = item.get("to", inherited)
    if asked is None:
        return None
    return (asked,) if isinstance(asked, str) else tuple(asked)


def find_routes(root: Route, labels: Labels) -> list[Fired]:
    """Return the routes that answer; at least the default one."""
    steps: list[Step] = []
    return list(_ask(root, labels, 0, steps))


def explain_routes(root: Route, labels: Labels) -> list[Step]:
    """Return every route that is asked, in order, with what it said."""
    steps: list[Step] = []
    for _ in _ask(root, labels, 0, steps):
        pass
    return steps


def _ask(
    route: Route, labels: Labels, depth: int, steps: list[Step]
) -> Iterator[Fired]:
    """Ask a route that matches; its place among the steps is kept for its answer."""
    place = len(steps)
    steps.append(Step(depth, route.name, fired=False, words=""))
    answered = 0
    for inner in route.routes:
        lacking = failing(inner.match, labels)
        if lacking is not None:
            words = f"does not match: {lacking} is not {_value(labels, lacking.key)!r}"
            steps.append(Step(depth + 1, inner.name, fired=False, words=words))
            continue
        answered += 1
        yield from _ask(inner, labels, depth + 1, steps)
        if not inner.go_on:
            break
    why = " and ".join(map(str, route.match)) or "matches everything"
    if answered:
        words = f"matches ({why}), its own routes answer"
        steps[place] = Step(depth, route.name, fired=False, words=words)
        return
    if route.routes:
        why += ", none of its own routes matches"
    steps[place] = Step(depth, route.name, fired=True, words=f"fires: {why}")
    yield Fired(route.name, route.to, route.template, why)


def _value(labels: Labels, key: str) -> str:
    return str(getattr(labels, key)) or "unknown"
