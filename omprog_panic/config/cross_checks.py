"""Checks that a schema cannot make: addresses, words, tags of services. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.config.addresses import check_local_address, parse_listed
from omprog_panic.config.calendars import parse_entry
from omprog_panic.config.duration import parse_duration
from omprog_panic.config.time_span import parse_span
from omprog_panic.config.vocabulary import KINDS, why_no_match, why_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from omprog_panic.address import Network
    from omprog_panic.config.fault import Fault
    from omprog_panic.config.model import Service
    from omprog_panic.config.yaml_lines import Document


def own_faults(document: Document) -> list[Fault]:
    """Return the faults of config.yaml that do not depend on the services.

    Parts of the document that do not match the schema are skipped.
    """
    return [
        *_sender_faults(document),
        *_receive_faults(document),
        *_kind_faults(document),
        *_match_faults(document),
        *_time_faults(document),
        *_maintenance_faults(document),
    ]


def service_faults(document: Document, services: Sequence[Service]) -> list[Fault]:
    """Return the faults of tags, for a document that matches the schema."""
    return [
        *_fallback_faults(document, services),
        *_route_faults(document, services),
    ]


def _sender_faults(document: Document) -> Iterator[Fault]:
    """Find addresses that are none, or are listed twice."""
    seen: dict[Network, str] = {}
    for number, item in enumerate(_list(document.data.get("senders"))):
        path = f"$.senders[{number}].address"
        for address in _texts(item.get("address")) if isinstance(item, dict) else ():
            try:
                network = parse_listed(address)
            except ValueError as error:
                yield document.fault(path, str(error))
                continue
            if network in seen:
                message = f"{address} is already listed at {seen[network]}: remove one"
                yield document.fault(path, message)
            else:
                seen[network] = path


def _receive_faults(document: Document) -> Iterator[Fault]:
    receive = document.data.get("receive")
    address = receive.get("address") if isinstance(receive, dict) else None
    if isinstance(address, str):
        try:
            check_local_address(address)
        except ValueError as error:
            yield document.fault("$.receive.address", str(error))


def _kind_faults(document: Document) -> Iterator[Fault]:
    kinds = document.data.get("kinds")
    for kind in kinds if isinstance(kinds, dict) else ():
        if kind not in KINDS:
            message = why_unknown(kind, KINDS, "kind of crash")
            yield document.fault(f"$.kinds.{kind}", message)


def _match_faults(document: Document) -> Iterator[Fault]:
    windows = _entries(document.data.get("maintenance"), "$.maintenance")
    routes = _routes(document.data.get("routes"), "$.routes")
    for where, route in (*routes, *windows):
        match = route.get("match")
        for key, asked in match.items() if isinstance(match, dict) else ():
            for pattern in _texts(asked):
                message = why_no_match(key, pattern)
                if message is not None:
                    yield document.fault(f"{where}.match.{key}", message)


def _time_faults(document: Document) -> Iterator[Fault]:
    """Find times and durations that are none."""
    calendars = document.data.get("calendars")
    calendars = calendars if isinstance(calendars, dict) else {}
    asked: list[tuple[str, Callable[[str], object], str]] = [
        (f"$.calendars.{name}", parse_span, text)
        for name, spans in calendars.items()
        for text in _texts(spans)
    ]
    good = dict.fromkeys(calendars, ())  # their own faults are found above

    def entry(text: str) -> object:
        return parse_entry(text, good)

    for where, route in _routes(document.data.get("routes"), "$.routes"):
        asked += [
            (f"{where}.times", entry, text) for text in _texts(route.get("times"))
        ]
    for where, window in _entries(document.data.get("maintenance"), "$.maintenance"):
        asked += [
            (f"{where}.every", entry, text) for text in _texts(window.get("every"))
        ]
    for where, step in _steps(document):
        asked += [
            (f"{where}.{key}", parse_duration, text)
            for key in ("after", "repeat")
            for text in _texts(step.get(key))
        ]
    for where, parse, text in asked:
        try:
            parse(text)
        except ValueError as error:
            yield document.fault(where, str(error))


def _maintenance_faults(document: Document) -> Iterator[Fault]:
    """Find names that are used twice, and what can only be meant otherwise."""
    seen: dict[object, str] = {}
    for where, window in _entries(document.data.get("maintenance"), "$.maintenance"):
        name = window.get("name")
        if name in seen:
            message = f"{name} is already the name of {seen[name]}: choose another"
            yield document.fault(f"{where}.name", message)
        seen.setdefault(name, where)
        for text in _texts(window.get("every")):
            if text.startswith("!"):
                message = f"{text!r}: a window has no excluded times: write when it is"
                yield document.fault(f"{where}.every", message)
        if window.get("match") == {}:
            message = "is empty: name what the window covers, for example `host: db-*`"
            yield document.fault(f"{where}.match", message)


def _steps(document: Document) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the steps of every ``escalate``."""
    routes = [("$.default_route", document.data.get("default_route"))]
    routes += _routes(document.data.get("routes"), "$.routes")
    for where, route in routes:
        asked = route.get("escalate") if isinstance(route, dict) else None
        if isinstance(asked, dict):
            yield f"{where}.escalate", asked
        yield from _entries(asked, f"{where}.escalate")


def _entries(items: object, where: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, item in enumerate(_list(items)):
        if isinstance(item, dict):
            yield f"{where}[{number}]", item


def _route_faults(document: Document, services: Sequence[Service]) -> Iterator[Fault]:
    """Find tags that no service has, or only services that are fallbacks."""
    second = {rule["to"] for rule in document.data.get("fallback", [])}
    first = [service for service in services if not service.tags & second]
    known = sorted({tag for service in first for tag in service.tags})
    reserve = {tag for service in services for tag in service.tags} - set(known)
    routes = [("$.default_route", document.data.get("default_route") or {})]
    routes += _routes(document.data.get("routes"), "$.routes")
    for where, route in (*routes, *_steps(document)):
        for tag in _texts(route.get("to")):
            if tag in reserve:
                message = (
                    f"all services with the tag {tag!r} are fallbacks, which are "
                    "notified only instead of others: name another tag"
                )
                yield document.fault(f"{where}.to", message)
            elif tag not in known:
                message = why_unknown(tag, known, "service tag")
                yield document.fault(f"{where}.to", message)


def _fallback_faults(
    document: Document, services: Sequence[Service]
) -> Iterator[Fault]:
    """Find tags that no service has, and services that are never notified first."""
    known = sorted({tag for service in services for tag in service.tags})
    rules = document.data.get("fallback", [])
    second = {rule["to"] for rule in rules}
    for number, rule in enumerate(rules):
        where = f"$.fallback[{number}]"
        for key in ("for", "to"):
            if rule[key] not in known:
                message = why_unknown(rule[key], known, "service tag")
                yield document.fault(f"{where}.{key}", message)
        if rule["for"] in second:
            message = (
                f"{rule['for']} is itself a fallback: name a tag of services that are "
                "notified first"
            )
            yield document.fault(f"{where}.for", message)
    if services and all(service.tags & second for service in services):
        message = "every service is a fallback: leave at least one that is not"
        yield document.fault("$.fallback", message)


def _routes(items: object, where: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, item in enumerate(_list(items)):
        if isinstance(item, dict):
            here = f"{where}[{number}]"
            yield here, item
            yield from _routes(item.get("routes"), f"{here}.routes")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]
