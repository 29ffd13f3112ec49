"""A value that must not be shown: printing, logging or dumping it reveals nothing."""

from __future__ import annotations

import re
from typing import NoReturn
from urllib.parse import unquote

_PIECES = re.compile(r"[/@?&=,:#\s\"'{}\[\]]+")
_SHORTEST = 6  # shorter parts of a URL ("json", "8080", "ops") occur in ordinary text
_ADDRESS = re.compile(r"[0-9a-z-]+(?:\.[0-9a-z-]+)+", re.IGNORECASE)


class Secret:
    """Text that only ``reveal`` returns. Not a ``str``: ``+`` and JSON refuse it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, to be passed to the service only."""
        return self._value

    def redact(self, text: str) -> str:
        """Replace every part of this secret (a URL) in ``text`` by asterisks.

        Host names and addresses stay: without them, an error message is of no use.

        >>> Secret("tgram://123456789:abcdef/1").redact("no bot 123456789:abcdef")
        'no bot ***:***'
        """
        pieces = {p for raw in _PIECES.split(self._value) for p in (raw, unquote(raw))}
        for piece in sorted(pieces, key=len, reverse=True):
            if len(piece) >= _SHORTEST and not _ADDRESS.fullmatch(piece):
                text = text.replace(piece, "***")
        return text

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret must not be pickled")
