"""What a schema cannot say of routes: words and tags that nothing has. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omprog_panic.config.check import unknown
from omprog_panic.kernel.signatures import INFO_SIGNATURES, SIGNATURES
from omprog_panic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omprog_panic.config.fault import Fault
    from omprog_panic.config.model import Service
    from omprog_panic.config.yaml_lines import Document

KINDS = sorted({row.kind for row in (*SIGNATURES, *INFO_SIGNATURES)} | {"other"})
# The first words of messages that tell of no crash, and of planned ones.
OTHER_SEVERITIES = (
    "drill",
    "suspected-crash",
    "back",
    "sender-silent",
    "never-heard",
    "sender-speaks",
    "monitor-deaf",
    "monitor-hears",
    "silence-ended",
    "held",
    "digest",
)
SEVERITIES = (*(severity.value for severity in Severity), *OTHER_SEVERITIES)
_WORDS = {"kind": (KINDS, "kind of crash"), "severity": (SEVERITIES, "severity")}
_GLOB = frozenset("*?[")


def kind_faults(document: Document) -> list[Fault]:
    """Find kinds and severities that no incident has."""
    faults = []
    kinds = document.data.get("kinds")
    for kind in kinds if isinstance(kinds, dict) else ():
        if kind not in KINDS:
            message = unknown(kind, KINDS, "kind of crash")
            faults.append(document.fault(f"$.kinds.{kind}", message))
    for where, route in _routes(document.data.get("routes"), "$.routes"):
        match = route.get("match")
        for key in _WORDS:
            asked = match.get(key) if isinstance(match, dict) else None
            for word in _words(asked):
                why = unknown_word(key, word)
                if why is not None:
                    faults.append(document.fault(f"{where}.match.{key}", why))
    return faults


def unknown_word(key: str, pattern: str) -> str | None:
    """Say that nothing has this kind or severity; None: something may."""
    known, sort = _WORDS.get(key, ((), ""))
    word = pattern.lstrip("! ")
    if not known or word in known or _GLOB & set(pattern):
        return None
    return unknown(word, list(known), sort)


def route_faults(document: Document, services: Sequence[Service]) -> list[Fault]:
    """Find tags that no service has, or only services that stand in for others."""
    faults = []
    second = {rule["to"] for rule in document.data.get("fallback", [])}
    known = sorted({tag for s in services if not s.tags & second for tag in s.tags})
    root = document.data.get("default_route") or {}
    routes = [("$.default_route", root)]
    routes += _routes(document.data.get("routes"), "$.routes")
    for where, route in routes:
        for tag in _words(route.get("to")):
            if tag not in known:
                message = unknown(tag, known, "tag of a service that is told first")
                faults.append(document.fault(f"{where}.to", message))
    return faults


def _routes(items: object, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            here = f"{where}[{number}]"
            yield here, item
            yield from _routes(item.get("routes"), f"{here}.routes")


def _words(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]
