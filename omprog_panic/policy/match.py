"""Whether the matchers of a route or a silence match a message. Pure.

A pattern is a glob (``*``, ``?``, ``[...]``) over the whole value; for ``host`` it may
also be an address or a network. With ``!`` before it, it excludes.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from typing import TYPE_CHECKING

from omprog_panic.address import is_within
from omprog_panic.config.addresses import network_in_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omprog_panic.config.routing import Matcher
    from omprog_panic.notification.notification import Labels

_VALUES: dict[str, Callable[[Labels], str]] = {
    "severity": lambda labels: labels.severity,
    "kind": lambda labels: labels.kind,
    "host": lambda labels: labels.host,
    "title": lambda labels: labels.title,
    "function": lambda labels: labels.function,
    "kernel": lambda labels: labels.kernel,
    "subsystem": lambda labels: labels.subsystem,
}


def label_value(labels: Labels, key: str) -> str:
    """Return the label that the key of a matcher names."""
    return _VALUES[key](labels)


def matches(matcher: Matcher, labels: Labels) -> bool:
    """Return whether a wanted pattern matches, and no excluded one.

    >>> from omprog_panic.config.routing import Matcher
    >>> from omprog_panic.notification.notification import Labels
    >>> matches(Matcher("host", ("db-*", "!db-07")), Labels("panic", host="db-07"))
    False
    """
    wanted = [p for p in matcher.patterns if not p.startswith("!")]
    excluded = [p[1:].strip() for p in matcher.patterns if p.startswith("!")]
    if any(_pattern_matches(matcher.key, p, labels) for p in excluded):
        return False
    return not wanted or any(_pattern_matches(matcher.key, p, labels) for p in wanted)


def first_mismatch(match: Sequence[Matcher], labels: Labels) -> Matcher | None:
    """Return the first matcher that does not match; None: all do."""
    return next((m for m in match if not matches(m, labels)), None)


def all_match(match: Sequence[Matcher], labels: Labels) -> bool:
    """Return whether all matchers match; no matchers match everything."""
    return first_mismatch(match, labels) is None


def _pattern_matches(key: str, pattern: str, labels: Labels) -> bool:
    if key != "host":
        return _glob(pattern).match(label_value(labels, key)) is not None
    network = network_in_pattern(pattern)
    if network is not None:
        addresses = (labels.address, *labels.addresses)
        return any(is_within(address, network) for address in addresses)
    names = (labels.host, labels.group, labels.address, *labels.addresses)
    return any(name and _glob(pattern).match(name) for name in names)


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    # Upper and lower case mean the same in names, kinds and releases.
    return re.compile(fnmatch.translate(pattern), re.IGNORECASE)
