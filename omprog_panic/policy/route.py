"""Which routes a message takes. Pure.

As in Alertmanager: a route that matches asks its own routes first, in their order; the
first of them that matches fires, and the next ones are asked only where it says
``continue``. A route that matches, and none of whose own routes does, fires itself. The
default route is the root of the tree and always matches. A route with ``times`` matches
nothing at other times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.config.calendars import is_time
from omprog_panic.policy.match import first_mismatch, label_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.config.routing import EscalationStep, Route
    from omprog_panic.notification.notification import Labels


class FiredRoute(NamedTuple):
    """A route that fired. ``to`` as in config.routing.Route."""

    name: str
    to: tuple[str, ...] | None
    template: str | None
    why: str
    escalate: tuple[EscalationStep, ...] = ()


class RouteStep(NamedTuple):
    """One route that was asked, for ``routes test``."""

    depth: int
    name: str
    fired: bool
    words: str


class _Question(NamedTuple):
    labels: Labels
    wall: float
    steps: list[RouteStep]


def find_routes(root: Route, labels: Labels, wall: float) -> list[FiredRoute]:
    """Return the routes that fire at a wall time; at least the default one."""
    return list(_ask(root, _Question(labels, wall, []), 0))


def explain_routes(root: Route, labels: Labels, wall: float) -> list[RouteStep]:
    """Return every route that is asked, in order, with the answer."""
    question = _Question(labels, wall, [])
    for _ in _ask(root, question, 0):
        pass
    return question.steps


def _mismatch(route: Route, question: _Question) -> str | None:
    """Return in words why a route does not match; None: it does."""
    mismatch = first_mismatch(route.match, question.labels)
    if mismatch is not None:
        value = label_value(question.labels, mismatch.key) or "unknown"
        return f"does not match: {mismatch} is not {value!r}"
    if not is_time(route.times, question.wall):
        times = ", ".join(entry.text for entry in route.times)
        return f"does not match at this time: only {times}"
    return None


def _ask(route: Route, question: _Question, depth: int) -> Iterator[FiredRoute]:
    """Ask a route that matches; its place among the steps is kept for its answer."""
    steps = question.steps
    place = len(steps)
    steps.append(RouteStep(depth, route.name, fired=False, words=""))
    matched = 0
    for inner in route.routes:
        words = _mismatch(inner, question)
        if words is not None:
            steps.append(RouteStep(depth + 1, inner.name, fired=False, words=words))
            continue
        matched += 1
        yield from _ask(inner, question, depth + 1)
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
    yield FiredRoute(route.name, route.to, route.template, why, route.escalate)
