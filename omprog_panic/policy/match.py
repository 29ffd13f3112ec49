"""What routes and silences ask of an alert. Pure.

A pattern is a glob (``*``, ``?``, ``[...]``) over the whole value; for ``host`` it may
also be an address or a network. With ``!`` before it, it excludes.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Labels(NamedTuple):
    """What an alert is about; empty where it is not known or does not apply.

    ``group`` is the name of the listed sender that the address belongs to, which for
    a network is not the name of the host.
    """

    severity: str
    kind: str = ""
    host: str = ""
    address: str = ""
    group: str = ""
    title: str = ""
    function: str = ""
    kernel: str = ""


KEYS = ("severity", "kind", "host", "title", "function", "kernel")


@dataclasses.dataclass(frozen=True, slots=True)
class Matcher:
    """One label and the patterns of which one must hold (and no excluded one)."""

    key: str
    patterns: tuple[str, ...]

    def holds(self, labels: Labels) -> bool:
        """Return whether these labels are meant.

        >>> Matcher("host", ("db-*", "!db-07")).holds(Labels("panic", host="db-07"))
        False
        """
        wanted = [p for p in self.patterns if not p.startswith("!")]
        if any(
            self._fits(p[1:].strip(), labels)
            for p in self.patterns
            if p.startswith("!")
        ):
            return False
        return not wanted or any(self._fits(p, labels) for p in wanted)

    def _fits(self, pattern: str, labels: Labels) -> bool:
        if self.key != "host":
            value = str(getattr(labels, self.key))
            return _glob(pattern).match(value) is not None
        network = network_of(pattern)
        if network is not None:
            return _within(labels.address, network)
        names = (labels.host, labels.group, labels.address)
        return any(name and _glob(pattern).match(name) for name in names)

    def __str__(self) -> str:
        return f"{self.key}={','.join(self.patterns)}"


Match = tuple[Matcher, ...]


def build_match(asked: Mapping[str, object]) -> Match:
    """Make matchers of ``{"severity": "panic", "host": ["db-*"]}``, as checked.

    >>> str(build_match({"host": ["db-*", "10.0.0.0/8"]})[0])
    'host=db-*,10.0.0.0/8'
    """
    return tuple(
        Matcher(key, tuple(str(p) for p in (v if isinstance(v, list) else [v])))
        for key, v in asked.items()
    )


def failing(match: Sequence[Matcher], labels: Labels) -> Matcher | None:
    """Return the first matcher that does not hold; None: all do."""
    return next((m for m in match if not m.holds(labels)), None)


def holds(match: Sequence[Matcher], labels: Labels) -> bool:
    """Return whether all matchers hold; without any they do."""
    return failing(match, labels) is None


@functools.lru_cache(maxsize=4096)
def network_of(text: str) -> Network | None:
    """Read an address or network; None when the text is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    # Upper and lower case mean the same in names, kinds and releases.
    return re.compile(fnmatch.translate(pattern), re.IGNORECASE)


@functools.lru_cache(maxsize=8192)
def _within(address: str, network: Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False
