"""Look up start lines in the tables. Pure.

Every pattern is matched at the beginning of a record's text, after the prefix (or the
extended header) was cut off, and case-sensitively: many harmless lines contain the
words of a crash (``Command line: ... panic=10``, user text that quotes a panic).

The collector looks up every record that it receives, so a line that cannot match must
cost next to nothing: rows are found by their first three characters, and a pattern is
compiled when a line first needs it.
"""

from __future__ import annotations

from omprog_panic.kernel.signature import Signature, StartLine
from omprog_panic.kernel.signatures import INFO_SIGNATURES, SIGNATURES

__all__ = [
    "START_KEYS",
    "Signature",
    "StartLine",
    "first_signature",
    "match_info_line",
    "match_start_line",
]

_KEY_LENGTH = 3
MAX_START_CHARS = 512
"""Characters of a line that are matched: the words of a start stand at its beginning,
and a pattern with two gaps must not scan a line of any length."""


def _index(rows: tuple[Signature, ...]) -> dict[str, tuple[Signature, ...]]:
    index: dict[str, list[Signature]] = {}
    for row in rows:
        for start in dict.fromkeys(s[:_KEY_LENGTH] for s in row.starts):
            for key in (start,) if len(start) == _KEY_LENGTH else _brace_keys(start):
                index.setdefault(key, []).append(row)
    return {key: tuple(rows) for key, rows in index.items()}


def _brace_keys(start: str) -> list[str]:
    # "{" opens "{1}[Hardware Error]": one or two digits follow it.
    ones = [f"{start}{digit}}}" for digit in range(10)]
    return ones + [f"{start}{number}" for number in range(10, 100)]


_BY_KEY = _index(SIGNATURES)
START_KEYS = frozenset(_BY_KEY)
"""First three characters of every start line: a cheap test before the patterns."""
_INFO = tuple((row.starts[0], row) for row in INFO_SIGNATURES)


def first_signature(text: str) -> Signature | None:
    """Return the first row that matches this text.

    >>> first_signature("Kernel panic - not syncing: Fatal exception").kind
    'panic'
    >>> first_signature("Command line: panic=10") is None
    True
    """
    rows = _BY_KEY.get(text[:_KEY_LENGTH])
    if rows is None:
        return None
    text = text[:MAX_START_CHARS]
    for row in rows:
        if text.startswith(row.starts) and row.match(text):
            return row
    return None


def match_start_line(text: str) -> StartLine | None:
    """Return the first row that matches this text, with the match."""
    rows = _BY_KEY.get(text[:_KEY_LENGTH])
    if rows is None:
        return None
    text = text[:MAX_START_CHARS]
    for row in rows:
        if text.startswith(row.starts) and (match := row.match(text)):
            return StartLine(row, match)
    return None


def match_info_line(text: str) -> StartLine | None:
    """Match the rows of signatures/info.py, whose words stand within the line."""
    for word, row in _INFO:
        if word in text and (match := row.match(text[:MAX_START_CHARS])):
            return StartLine(row, match)
    return None
