"""What a sender says of itself through /dev/kmsg, and our own probe. Pure.

``omprog-panic: alive host=<name> boot=<id> kernel=<release> version=<ours>
next=<seconds>``, ``... farewell ...``, ``... drill ...``, ``... verify token=<hex>``;
the alerter's marked datagram says ``omprog-panic: probe token=<hex>``.
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "omprog-panic: "
_WORDS = frozenset({"alive", "farewell", "drill", "verify", "probe"})
_MAX_VALUE = 128


class Statement(NamedTuple):
    """One such record: its word and its key=value pairs."""

    word: str
    values: dict[str, str]


def parse_statement(text: str) -> Statement | None:
    """Read a record's text; None when it is no statement of ours.

    >>> parse_statement("omprog-panic: verify token=0f").values
    {'token': '0f'}
    """
    if not text.startswith(PREFIX):
        return None
    word, *pairs = text[len(PREFIX) :].partition("\n")[0].split() or [""]
    if word not in _WORDS:
        return None
    values: dict[str, str] = {}
    for pair in pairs[:16]:
        key, equals, value = pair.partition("=")
        if equals and value.isprintable():
            values.setdefault(key, value[:_MAX_VALUE])
    return Statement(word, values)
