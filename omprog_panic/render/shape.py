"""Fits a message to a service's limit. Pure.

What goes first is the context before the crash, then the middle of the crash: its
head holds the cause, its tail the last words. apprise's own ways (cut the end off, or
split) lose one of them or send twenty messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.render.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.render.words import Words

HEAD_SHARE = 0.6  # of the room; the rest is for the tail


def fit_trace(
    lines: Sequence[str],
    onset: int,
    room: int,
    alert_id: str,
    words: Words = ENGLISH,
) -> tuple[str, ...]:
    """Give lines of at most ``room`` characters together, line ends counted.

    The crash begins at ``lines[onset]``. A notice stands where lines were left out.
    """
    if _size(lines) <= room:
        return tuple(lines)
    left = room - len(_notice(len(lines), alert_id, words)) - 1
    if left <= 0:
        return ()
    crash = lines[onset:]
    if _size(crash) <= left:
        kept = _fit(lines[onset - 1 :: -1], left - _size(crash)) if onset else 0
        first = onset - kept
        return (_notice(first, alert_id, words), *lines[first:])
    head, tail = _ends(crash, left)
    left_out = onset + len(crash) - head - tail
    notice = _notice(left_out, alert_id, words)
    return (*crash[:head], notice, *crash[len(crash) - tail :])


def shape(body: str, limit: int | None, alert_id: str, words: Words = ENGLISH) -> str:
    r"""Give at most ``limit`` characters of any text, whole lines where possible.

    >>> shape("a\n" * 100 + "end", 99, "1f").count("lines left out")
    1
    """
    if limit is None or len(body) <= limit:
        return body
    lines = body.split("\n")
    left = limit - len(_notice(len(lines), alert_id, words)) - 1
    head, tail = _ends(lines, left) if left > 0 else (0, 0)
    # A line longer than its share: cut within it rather than lose it.
    if not head or not tail:
        return _cut(body, limit, alert_id, words)
    notice = _notice(len(lines) - head - tail, alert_id, words)
    return "\n".join([*lines[:head], notice, *lines[len(lines) - tail :]])


def _cut(body: str, limit: int, alert_id: str, words: Words) -> str:
    notice = f"\n{words.texts['cut'].format(alert_id=alert_id)}\n"
    room = limit - len(notice)
    if room < len(notice):  # an SMS: the beginning is worth more than the notice
        return body[: max(limit, 0)]
    head = int(room * HEAD_SHARE)
    return f"{body[:head]}{notice}{body[len(body) - (room - head) :]}"


def _ends(lines: Sequence[str], room: int) -> tuple[int, int]:
    """Count how many lines at the head and at the tail fit."""
    head = _fit(lines, int(room * HEAD_SHARE))
    tail = _fit(lines[:head:-1], room - _size(lines[:head]))
    return head, tail


def _notice(count: int, alert_id: str, words: Words) -> str:
    lines = words.count(count, "line")
    return words.texts["left-out"].format(lines=lines, count=count, alert_id=alert_id)


def _size(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _fit(lines: Sequence[str], room: int) -> int:
    """Count the leading lines that fit into so many characters."""
    used = 0
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > room:
            return number
    return len(lines)
