"""Messages that a sender's own client, or our probe, writes to /dev/kmsg. Pure.

``omprog-panic: alive host=<name> boot=<id> kernel=<release> version=<ours>
next=<seconds>``, ``... farewell ...``, ``... drill ...``, ``... verify token=<hex>``;
the alerter's test datagram is ``omprog-panic: probe token=<hex>``.
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "omprog-panic: "
_KINDS = frozenset({"alive", "farewell", "drill", "verify", "probe"})
_MAX_VALUE = 128  # characters; longer values are cut
_MAX_PAIRS = 16  # further pairs are ignored


class ClientMessage(NamedTuple):
    """One such record: its kind and its key=value pairs."""

    kind: str
    values: dict[str, str]


def parse_client_message(text: str) -> ClientMessage | None:
    """Parse a record's text; return None if it is no message of a client.

    >>> parse_client_message("omprog-panic: verify token=0f").values
    {'token': '0f'}
    """
    if not text.startswith(PREFIX):
        return None
    kind, *pairs = text[len(PREFIX) :].partition("\n")[0].split() or [""]
    if kind not in _KINDS:
        return None
    values: dict[str, str] = {}
    for pair in pairs[:_MAX_PAIRS]:
        key, equals, value = pair.partition("=")
        if equals and value.isprintable():
            values.setdefault(key, value[:_MAX_VALUE])
    return ClientMessage(kind, values)
