"""A value that must not be shown: printing, logging or dumping it shows nothing."""

from __future__ import annotations

import re
from typing import NoReturn
from urllib.parse import unquote

_PIECES = re.compile(r"[/@?&=,:#\s\"'{}\[\]]+")
_SHORTEST = 6  # shorter pieces of a URL ("json", "8080", "ops") would black out prose
_ADDRESS = re.compile(r"[0-9a-z-]+(?:\.[0-9a-z-]+)+", re.IGNORECASE)


class Secret:
    """Text that only ``reveal`` gives out. No ``str``: ``+`` and JSON refuse it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, to be handed to the service and nobody else."""
        return self._value

    def redact(self, text: str) -> str:
        """Black out every piece of this secret (a URL) that stands in ``text``.

        Host names and addresses stay: without them no reason is of use.

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
        raise TypeError("a secret is not stored")
