"""Which routes a message takes. Pure.

As in Alertmanager: a route that matches asks its own routes first, in their order; the
first of them that matches fires, and the next ones are asked only where it says
``continue``. A route that matches, and none of whose own routes does, fires itself. The
default route is the root of the tree and always matches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.policy.match import first_mismatch, label_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.config.routing import Route
    from omprog_panic.notification.notification import Labels


class FiredRoute(NamedTuple):
    """A route that fired. ``to`` as in config.routing.Route."""

    name: str
    to: tuple[str, ...] | None
    template: str | None
    why: str


class RouteStep(NamedTuple):
    """One route that was asked, for ``routes test``."""

    depth: int
    name: str
    fired: bool
    words: str


def find_routes(root: Route, labels: Labels) -> list[FiredRoute]:
    """Return the routes that fire; at least the default one."""
    return list(_ask(root, labels, 0, []))


def explain_routes(root: Route, labels: Labels) -> list[RouteStep]:
    """Return every route that is asked, in order, with the answer."""
    steps: list[RouteStep] = []
    for _ in _ask(root, labels, 0, steps):
        pass
    return steps


def _ask(
    route: Route, labels: Labels, depth: int, steps: list[RouteStep]
) -> Iterator[FiredRoute]:
    """Ask a route that matches; its place among the steps is kept for its answer."""
    place = len(steps)
    steps.append(RouteStep(depth, route.name, fired=False, words=""))
    matched = 0
    for inner in route.routes:
        mismatch = first_mismatch(inner.match, labels)
        if mismatch is not None:
            value = label_value(labels, mismatch.key) or "unknown"
            words = f"does not match: {mismatch} is not {value!r}"
            steps.append(RouteStep(depth + 1, inner.name, fired=False, words=words))
            continue
        matched += 1
        yield from _ask(inner, labels, depth + 1, steps)
        if not inner.continues:
            break
    why = " and ".join(map(str, route.match)) or "matches everything"
    if matched:
        words = f"matches ({why}), its own routes are tried"
        steps[place] = RouteStep(depth, route.name, fired=False, words=words)
        return
    if route.routes:
        why += ", none of its own routes matches"
    steps[place] = RouteStep(depth, route.name, fired=True, words=f"fires: {why}")
    yield FiredRoute(route.name, route.to, route.template, why)
