"""``default_route`` and ``routes`` of config.yaml, and matchers. Pure values.

Routes form a tree, as in Alertmanager: the default route is its root. What a route
inherits (``to``, ``template``, ``escalate``) is filled in here, so that a route says
all of itself.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.config.calendars import parse_times
from omprog_panic.config.duration import format_duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omprog_panic.config.calendars import Times

DEFAULT_ROUTE = "default_route"
MATCH_KEYS = ("severity", "kind", "host", "title", "function", "kernel", "subsystem")


@dataclasses.dataclass(frozen=True, slots=True)
class Matcher:
    """One label and its patterns: one must match, and none that begins with "!"."""

    key: str
    patterns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.key}={','.join(self.patterns)}"


@dataclasses.dataclass(frozen=True, slots=True)
class EscalationStep:
    """An entry of ``escalate``: who is notified if nobody acknowledges, and when.

    ``after_s``: since the first message. ``repeat_s`` None: once.
    """

    after_s: float
    to: tuple[str, ...]
    repeat_s: float | None = None

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> EscalationStep:
        """Parse a checked entry.

        Raises:
            ValueError: a duration that is none.

        """
        to, repeat = entry["to"], entry.get("repeat")
        return cls(
            after_s=parse_duration(entry["after"]),
            to=(to,) if isinstance(to, str) else tuple(to),
            repeat_s=None if repeat is None else parse_duration(repeat),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entry that parses to this value."""
        entry: dict[str, Any] = {
            "after": format_duration(self.after_s),
            "to": list(self.to),
        }
        if self.repeat_s is not None:
            entry["repeat"] = format_duration(self.repeat_s)
        return entry


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """One node. ``to`` None: every service; empty: none, the incident is stored."""

    name: str
    match: tuple[Matcher, ...] = ()
    to: tuple[str, ...] | None = None
    template: str | None = None
    continues: bool = False  # the routes after it are asked, too
    routes: tuple[Route, ...] = ()
    times: tuple[Times, ...] = ()
    escalate: tuple[EscalationStep, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the entry of config.yaml that parses to this route."""
        entry: dict[str, Any] = {
            "name": self.name,
            "match": match_to_json(self.match),
            "continue": self.continues,
            "routes": [route.to_json() for route in self.routes],
            "times": [times.text for times in self.times],
            "escalate": [step.to_json() for step in self.escalate],
        }
        if self.to is not None:
            entry["to"] = list(self.to)
        if self.template is not None:
            entry["template"] = self.template
        return entry


def parse_match(asked: Mapping[str, object]) -> tuple[Matcher, ...]:
    """Parse the checked matchers of a route or a silence.

    >>> str(parse_match({"host": ["db-*", "10.0.0.0/8"]})[0])
    'host=db-*,10.0.0.0/8'
    """
    return tuple(
        Matcher(key, tuple(str(p) for p in (v if isinstance(v, list) else [v])))
        for key, v in asked.items()
    )


def match_to_json(match: tuple[Matcher, ...]) -> dict[str, list[str]]:
    """Return what ``parse_match`` parses to these matchers."""
    return {matcher.key: list(matcher.patterns) for matcher in match}


def parse_routes(data: Mapping[str, Any]) -> Route:
    """Parse the checked ``default_route`` and ``routes``; returns the root."""
    root = data["default_route"]
    top = Route(
        DEFAULT_ROUTE,
        to=_parse_tags(root, None),
        template=root.get("template"),
        escalate=_parse_steps(root, ()),
    )
    inner = _parse_inner(data, data["routes"], top, "routes")
    return dataclasses.replace(top, routes=inner)


def routes_to_json(root: Route) -> dict[str, Any]:
    """Return the sections of config.yaml that parse to this tree."""
    entry = root.to_json()
    return {
        "default_route": {
            key: entry[key] for key in ("to", "template", "escalate") if key in entry
        },
        "routes": entry["routes"],
    }


def walk_routes(root: Route) -> Iterator[tuple[str, Route, Route | None]]:
    """Yield every route with its JSON path in config.yaml and the one around it."""
    yield "$.default_route", root, None
    yield from _walk(root, "$")


def _walk(parent: Route, path: str) -> Iterator[tuple[str, Route, Route | None]]:
    for number, route in enumerate(parent.routes):
        here = f"{path}.routes[{number}]"
        yield here, route, parent
        yield from _walk(route, here)


def _parse_inner(
    data: Mapping[str, Any],
    items: Any,  # noqa: ANN401 - JSON
    parent: Route,
    where: str,
) -> tuple[Route, ...]:
    return tuple(
        _parse_route(data, item, parent, f"{where}[{number}]")
        for number, item in enumerate(items)
    )


def _parse_route(
    data: Mapping[str, Any], item: Mapping[str, Any], parent: Route, where: str
) -> Route:
    route = Route(
        name=str(item.get("name") or where),
        match=parse_match(item.get("match") or {}),
        to=_parse_tags(item, parent.to),
        template=item.get("template", parent.template),
        continues=item["continue"],
        times=parse_times(item.get("times") or (), data["calendars"]),
        escalate=_parse_steps(item, parent.escalate),
    )
    inner = _parse_inner(data, item.get("routes") or (), route, f"{where}.routes")
    return dataclasses.replace(route, routes=inner)


def _parse_steps(
    item: Mapping[str, Any], inherited: tuple[EscalationStep, ...]
) -> tuple[EscalationStep, ...]:
    asked = item.get("escalate")
    if asked is None:
        return inherited
    steps = asked if isinstance(asked, list | tuple) else [asked]
    return tuple(map(EscalationStep.from_json, steps))


def _parse_tags(
    item: Mapping[str, Any], inherited: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    asked = item.get("to", inherited)
    if asked is None:
        return None
    return (asked,) if isinstance(asked, str) else tuple(asked)
