"""Start lines and terminators of crash reports. Pure.

Every pattern is matched at the beginning of a record's text, after the prefix (or
extended header) is gone, case-sensitively: the words of a crash stand in many lines
that are none (``Command line: ... panic=10``, user text that quotes a panic).

The collector asks these tables about every record that it hears, so a line that
cannot match must cost next to nothing: rows are found by their first characters,
and a pattern is compiled when a line first falls under its row.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

from omprog_panic.kernel.signatures import INFO_SIGNATURES, SIGNATURES, Signature

__all__ = [
    "STARTS",
    "TERMINATOR_STARTS",
    "Found",
    "Signature",
    "Terminator",
    "find_info",
    "find_signature",
    "first_signature",
    "is_boot_banner",
    "says_kdump_loaded",
    "terminator",
]

_KEY_LENGTH = 3
MAX_START_CHARS = 512
"""So much of a line is looked at: the words of a start stand at its beginning, and a
pattern with two gaps must not meet a line without end."""


def _index(rows: tuple[Signature, ...]) -> dict[str, tuple[Signature, ...]]:
    index: dict[str, list[Signature]] = {}
    for row in rows:
        for start in dict.fromkeys(s[:_KEY_LENGTH] for s in row.starts):
            for key in (start,) if len(start) == _KEY_LENGTH else _longer(start):
                index.setdefault(key, []).append(row)
    return {key: tuple(rows) for key, rows in index.items()}


def _longer(start: str) -> list[str]:
    # "{" opens "{1}[Hardware Error]": the digits that may follow it.
    ones = [f"{start}{digit}}}" for digit in range(10)]
    return ones + [f"{start}{number}" for number in range(10, 100)]


_BY_START = _index(SIGNATURES)
STARTS = frozenset(_BY_START)
"""First three characters of every start line: a cheap test before the patterns."""


class Found(NamedTuple):
    """A start line: its row, and the groups of the row's pattern."""

    row: Signature
    match: re.Match[str]


def first_signature(text: str) -> Signature | None:
    """Find the start line that this text is, if it is one.

    >>> first_signature("Kernel panic - not syncing: Fatal exception").kind
    'panic'
    >>> first_signature("Command line: panic=10") is None
    True
    """
    rows = _BY_START.get(text[:_KEY_LENGTH])
    if rows is None:
        return None
    text = text[:MAX_START_CHARS]
    for row in rows:
        if text.startswith(row.starts) and row.match(text):
            return row
    return None


def find_signature(text: str) -> Found | None:
    """Find the start line that this text is, with what its pattern caught."""
    rows = _BY_START.get(text[:_KEY_LENGTH])
    if rows is None:
        return None
    text = text[:MAX_START_CHARS]
    for row in rows:
        if text.startswith(row.starts) and (match := row.match(text)):
            return Found(row, match)
    return None


def find_info(text: str) -> Found | None:
    """Find what is worth telling and no crash; its words stand within the line."""
    for word, row in _INFO:
        if word in text and (match := row.match(text[:MAX_START_CHARS])):
            return Found(row, match)
    return None


_INFO = tuple((row.starts[0], row) for row in INFO_SIGNATURES)


class Terminator(enum.Enum):
    """The last words of a report."""

    END_PANIC = "---[ end Kernel panic"  # kernel/panic.c: nothing follows
    REBOOTING = "Rebooting in "  # kernel/panic.c: nothing follows
    END_TRACE = "---[ end trace"  # kernel/panic.c: registers or a panic may follow


_REBOOTING = re.compile(r"Rebooting in \d+ seconds\.\.")
TERMINATOR_STARTS = frozenset(t.value[:_KEY_LENGTH] for t in Terminator)


def terminator(text: str) -> Terminator | None:
    """Return whether this text ends a report.

    >>> terminator("Rebooting in 3 seconds..")
    <Terminator.REBOOTING: 'Rebooting in '>
    """
    if text.startswith("---[ end "):
        if text.startswith("Kernel panic", 9):
            return Terminator.END_PANIC
        if text.startswith("trace", 9):
            return Terminator.END_TRACE
    elif text.startswith("Rebooting in ") and _REBOOTING.match(text):
        return Terminator.REBOOTING
    return None


_KDUMP_LOADED = re.compile(r"CPU: \d+ .*\bKdump: loaded ")


def says_kdump_loaded(text: str) -> bool:
    """Return whether a ``CPU:`` line warns that the stream will be cut by kdump."""
    return _KDUMP_LOADED.match(text) is not None


def is_boot_banner(text: str) -> bool:
    """Return whether this is ``linux_banner``, the first record of every boot."""
    return text.startswith("Linux version ")
