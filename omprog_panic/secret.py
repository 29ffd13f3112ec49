"""A value that must not be shown: printing, logging or dumping it reveals nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECES = re.compile(r"[/@?&=,:#\s\"'{}\[\]]+")
_SHORTEST = 6  # shorter parts of a URL ("json", "8080", "ops") occur in ordinary text
_PERCENT = re.compile("%..")
# User name and password of a URL; values of options that are secret by their name.
_USER_INFO = re.compile(r"://([^/?#\s]*)@")
_NAMED = re.compile(
    r"""\b\w*(?:pass|password|pwd|token|secret|key)['"]?[=:]\s*['"]?([^&\s'"]+)""",
    re.IGNORECASE,
)
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
        # A service may split what was encoded, too.
        pieces |= {part for piece in pieces for part in _PIECES.split(piece)}
        found = {
            piece
            for piece in pieces
            if len(piece) >= _SHORTEST and not _ADDRESS.fullmatch(piece)
        }
        passwords = set(self._passwords())
        for piece in sorted(found | passwords, key=len, reverse=True):
            pattern = re.escape(piece)
            if len(piece) < _SHORTEST:  # a short password may be a common word
                pattern = rf"(?<!\w){pattern}(?!\w)"
            text = re.sub(pattern, "***", text)
        return text

    def _passwords(self) -> Iterator[str]:
        """Yield passwords, as they are written and in every other encoding."""
        written = [info.partition(":")[2] for info in _USER_INFO.findall(self._value)]
        for raw in (*written, *_NAMED.findall(self._value)):
            plain = unquote(raw)
            encoded = quote(plain, safe="")
            lower = _PERCENT.sub(lambda found: found[0].lower(), encoded)
            forms = {raw, plain, quote_plus(plain), quote(plain), encoded, lower}
            yield from forms - {""}

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret must not be pickled")
