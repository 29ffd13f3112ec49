"""What a silence covers: everything, nothing that is known, or something. Pure.

Judged by what its matchers match, not by how they are written: ``*``, ``!nosuch`` and
every severity, one by one, are all the same.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from omprog_panic.address import is_within
from omprog_panic.config.addresses import network_in_pattern
from omprog_panic.config.senders import SenderDirectory
from omprog_panic.config.vocabulary import KINDS
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.match import all_match, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omprog_panic.config.routing import Matcher
    from omprog_panic.config.senders import ListedSender
    from omprog_panic.policy.state.memory import Memory

# Severities that are alerted at once: without them, no crash is.
_ALERTED = ("panic", "oops", "lockup", "hardware")
# Values that nobody chose: a pattern that matches all of them matches everything.
_WORDS = tuple(f"{letter}1" for letter in string.ascii_lowercase + string.digits)
_ADDRESSES = ("192.0.2.1", "2001:db8::1")


def known_senders(listed: Sequence[ListedSender], memory: Memory) -> list[Labels]:
    """Return what a pattern for ``host`` can match: all that is listed or was heard."""
    directory = SenderDirectory(listed)
    found = []
    for entry in listed:
        address = entry.single or str(entry.networks[0].network_address)
        name = entry.name if entry.single is not None else ""
        found.append(Labels("", host=name, address=address, group=entry.name))
    for source, row in memory.senders.rows.items():
        name, group = directory.name_of(source, row.host), directory.group_of(source)
        found.append(Labels("", host=name, address=source, group=group))
    return [
        labels._replace(addresses=directory.addresses_of(labels.address)[1:])
        for labels in found
    ]


def matches_everything(match: Sequence[Matcher], known: Iterable[Labels]) -> bool:
    """Return whether matchers leave out no alert about any crash."""
    hosts = list(known)
    return all(_matches_all(matcher, hosts) for matcher in match)


def matches_no_sender(
    match: Sequence[Matcher],
    known: Iterable[Labels],
    listed: Iterable[ListedSender] = (),
) -> bool:
    """Return whether there are patterns for hosts, and no known sender matches them.

    An address in a listed network is known, although it has not been heard.
    """
    by_host = [matcher for matcher in match if matcher.key == "host"]
    if not by_host:
        return False
    candidates = [*known, *_named_addresses(by_host, listed)]
    return not any(all_match(by_host, labels) for labels in candidates)


def _named_addresses(
    match: Sequence[Matcher], listed: Iterable[ListedSender]
) -> Iterable[Labels]:
    networks = [network for entry in listed for network in entry.networks]
    for pattern in (p for matcher in match for p in matcher.patterns):
        asked = network_in_pattern(pattern)
        address = "" if asked is None else str(asked.network_address)
        if any(is_within(address, network) for network in networks):
            yield Labels("", address=address)


def _matches_all(matcher: Matcher, hosts: list[Labels]) -> bool:
    match matcher.key:
        case "host":
            samples = [*hosts, *_strangers(hosts)]
        case "severity":
            samples = [Labels(severity) for severity in _ALERTED]
        case "kind":
            samples = [Labels("", kind=kind) for kind in KINDS]
        case "title":
            samples = [Labels("", title=word) for word in _values(matcher)]
        case "function":
            samples = [Labels("", function=word) for word in ("", *_values(matcher))]
        case "subsystem":
            samples = [Labels("", subsystem=word) for word in ("", *_values(matcher))]
        case _:
            samples = [Labels("", kernel=word) for word in ("", *_values(matcher))]
    return all(matches(matcher, labels) for labels in samples)


def _strangers(hosts: list[Labels]) -> Iterable[Labels]:
    """Yield hosts that nobody knows, with addresses of the families in use."""
    in_use = {":" in labels.address for labels in hosts} or {False}
    for is_ipv6 in sorted(in_use):
        for word in _WORDS:
            yield Labels("", host=word, address=_ADDRESSES[is_ipv6])


def _values(matcher: Matcher) -> Iterable[str]:
    """Yield values that nobody chose, and one that each exclusion leaves out."""
    yield from _WORDS
    for pattern in matcher.patterns:
        if pattern.startswith("!"):
            excluded = pattern[1:].strip().replace("*", "").replace("?", "x")
            if excluded:
                yield excluded
