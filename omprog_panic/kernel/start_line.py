"""Look up start lines in the tables. Pure.

Every pattern is matched at the beginning of a record's text, after the prefix (or the
extended header) was cut off, and case-sensitively: many harmless lines contain the
words of a crash (``Command line: ... panic=10``, user text that quotes a panic).

The collector looks up every record that it receives, so a line that cannot match must
cost next to nothing: rows are found by their first three characters, and a pattern is
compiled when a line first needs it.
"""

from __future__ import annotations

import re

from omprog_panic.kernel.prefix import without_vendor_prefix
from omprog_panic.kernel.signature import Signature, StartLine
from omprog_panic.kernel.signatures import (
    DIE_SIGNATURES,
    INFO_SIGNATURES,
    SIGNATURES,
)
from omprog_panic.kernel.signatures.die import MARK as DIE_MARK
from omprog_panic.model import Severity

__all__ = [
    "AFTER_PREFIX_KEYS",
    "MARKS",
    "START_KEYS",
    "Signature",
    "StartLine",
    "first_signature",
    "has_mark",
    "has_start_mark",
    "match_info_line",
    "match_start_line",
    "may_begin_start",
    "may_start",
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


_BY_KEY = _index(tuple(row for row in SIGNATURES if not row.after_prefix))
_AFTER_PREFIX = _index(tuple(row for row in SIGNATURES if row.after_prefix))
START_KEYS = frozenset(_BY_KEY)
"""First three characters of every start line: a cheap test before the patterns."""
AFTER_PREFIX_KEYS = frozenset(_AFTER_PREFIX)
"""First three characters after the first ": " of events of devices."""
_STARTS = {
    key: tuple(dict.fromkeys(s for row in rows for s in row.starts))
    for key, rows in _BY_KEY.items()
}
_STARTS_AFTER_PREFIX = {
    key: tuple(dict.fromkeys(s for row in rows for s in row.starts))
    for key, rows in _AFTER_PREFIX.items()
}
_INFO = tuple((row.starts[0], row) for row in INFO_SIGNATURES)


# A printk() without a line feed may be followed by a start line on the same line: the
# beginning of such a start, and what may stand before it (no quotation, no assignment).
_GLUED = re.compile(
    r"(?P<before>[^\"'=\[\]()]{1,120}?)(?P<start>"
    r"(?:(?:NMI )?watchdog: )?BUG: (?:soft lockup - |[Uu]nable to handle |"
    r"kernel NULL pointer|scheduling while atomic: |KASAN: |sleeping function )|"
    r"Kernel panic - not syncing|Unable to handle kernel |general protection "
    r"fault[:,] |"
    r"Internal error: .{1,60}\[#|(?:rcu: )?INFO: rcu_\w+ .*stall|"
    r"INFO: task \S{1,20}:\d+ blocked for |Oops: [0-9a-f]{4} \[#|kernel BUG at [^ "
    r"]+:\d)"
)
_PROMPT = re.compile(r"(?:\blogin: |[\w~/]# |[\w~/]\$ )\Z")
"""What a terminal shows when the kernel prints: no program quotes behind it."""
_INDENTED = frozenset("[(<-. \t")
_CPU_COLUMNS = frozenset(f"{letter}{digit}" for letter in "cC" for digit in range(10))
MARKS = (DIE_MARK, "BUG", "anic - not", "ble to han", "INFO: ")
"""One of these stands in every start line that does not begin with its key."""
_NOT_THE_KERNEL = ("systemd", "audit", "Command line", "Kernel command line")


def has_start_mark(text: str) -> bool:
    """Return whether a start line may stand in a text that does not begin with one."""
    at = text.find(": ") + 2
    starts = _STARTS_AFTER_PREFIX.get(text[at : at + _KEY_LENGTH])
    return (starts is not None and text.startswith(starts, at)) or has_mark(text)


def has_mark(text: str) -> bool:
    """Return whether one of the marks is anywhere in a text, of many lines or one."""
    # Asked for every record: a loop over the marks would take twice as long.
    return (
        "BUG" in text
        or "INFO: " in text
        or "[#" in text
        or "ble to han" in text
        or "anic - not" in text
    )


def may_begin_start(text: str) -> bool:
    """Return whether a record without a mark can be a start line, see may_start()."""
    starts = _STARTS.get(text[:_KEY_LENGTH])
    at = text.find(": ") + 2
    inner = _STARTS_AFTER_PREFIX.get(text[at : at + _KEY_LENGTH])
    return (
        (starts is not None and text.startswith(starts))
        or text[:1] in _INDENTED
        or text[:2] in _CPU_COLUMNS
        or (inner is not None and text.startswith(inner, at))
    )


def may_start(text: str) -> bool:
    """Return whether a record can be a start line; cheap, for every record."""
    return may_begin_start(text) or has_mark(text)


def first_signature(text: str) -> Signature | None:
    """Return the row of a start line that opens a trace; None: there is none.

    Rows of severity INFO are for the analysis alone.

    >>> first_signature("Kernel panic - not syncing: Fatal exception").kind
    'panic'
    >>> first_signature("Command line: panic=10") is None
    True
    """
    start = match_start_line(text)
    if start is None or start.signature.severity is Severity.INFO:
        return None
    return start.signature


def match_start_line(text: str, *, attached: bool = False) -> StartLine | None:
    """Return the first row that matches this text, with the match.

    ``attached``: a start line within the text counts only where no blank stands before
    it; for lines that a program may have written.
    """
    start = _match_rows(text)
    if start is not None:
        return start
    if text[:1] in _INDENTED or text[:2] in _CPU_COLUMNS:
        bare = without_vendor_prefix(text)
        return _match_rows(bare) if bare != text else None
    for mark in MARKS:
        if mark in text:
            return _match_anywhere(text[:MAX_START_CHARS], attached=attached)
    return None


def _match_rows(text: str) -> StartLine | None:
    rows = _BY_KEY.get(text[:_KEY_LENGTH])
    if rows is not None:
        text = text[:MAX_START_CHARS]
        for row in rows:
            if text.startswith(row.starts) and (match := row.match(text)):
                return StartLine(row, match)
    at = text.find(": ") + 2
    rows = _AFTER_PREFIX.get(text[at : at + _KEY_LENGTH])
    if rows is not None:
        rest, text = text[at:], text[:MAX_START_CHARS]
        for row in rows:
            if rest.startswith(row.starts) and (match := row.match(text)):
                return StartLine(row, match)
    if DIE_MARK in text:
        text = text[:MAX_START_CHARS]
        for row in DIE_SIGNATURES:
            if match := row.match(text):
                return StartLine(row, match)
    return None


def _match_anywhere(text: str, *, attached: bool) -> StartLine | None:
    """Match a start line that follows an unterminated one."""
    glued = _GLUED.match(text)
    if glued is None or text.startswith(_NOT_THE_KERNEL):
        return None
    before = glued["before"]
    if attached and before.endswith(" ") and not _PROMPT.search(before):
        return None
    return _match_rows(text[glued.start("start") :])


def match_info_line(text: str) -> StartLine | None:
    """Match the rows of signatures/info.py, whose words stand within the line."""
    for word, row in _INFO:
        if word in text and (match := row.match(text[:MAX_START_CHARS])):
            return StartLine(row, match)
    return None
