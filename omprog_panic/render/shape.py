"""Fits a message to a service's limit. Pure.

The context before the crash is left out first, then the middle of the crash: its head
contains the cause, its tail the last lines. The blamed frames always stay. apprise's
own methods (cut off the end, or split) lose one of these or send twenty messages.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.render.english import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.render.catalog import Catalog

HEAD_SHARE = 0.6  # of the room; the rest is for the tail
BLAMED_FRAMES = 6
SEARCHED_LINES = 20  # lines below "Call Trace:", some of which are no frames
# x86, arm64, 32-bit ARM, powerpc, riscv
_POINTER = re.compile(r"\b(?:RIP: |pc : |PC is at |NIP \[|epc : )")
_CALL_TRACE = re.compile(r"\b(?:Call [Tt]race:|Backtrace:)")
# "? " marks what only may have been called
_FRAME = re.compile(r"(?<!\? )\b[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+")


def fit_trace(
    lines: Sequence[str],
    onset: int,
    room: int,
    alert_id: str,
    catalog: Catalog = ENGLISH,
) -> tuple[str, ...]:
    """Return lines of at most ``room`` characters together, line ends counted.

    The crash begins at ``lines[onset]``. A note marks where lines were left out.
    """
    if _size(lines) <= room:
        return tuple(lines)
    left = room - len(_note(len(lines), alert_id, catalog)) - 1
    if left <= 0:
        return ()
    crash = lines[onset:]
    if _size(crash) <= left:
        kept = _fit(lines[onset - 1 :: -1], left - _size(crash)) if onset else 0
        first = onset - kept
        return (_note(first, alert_id, catalog), *lines[first:])
    head, tail = _ends(crash, left)
    blamed = _blamed(crash, left // 3)
    if any(head <= number < len(crash) - tail for number in blamed):
        notes = _Notes(alert_id, catalog)
        return _with_blamed(crash, blamed, room, onset, notes)
    left_out = onset + len(crash) - head - tail
    note = _note(left_out, alert_id, catalog)
    return (*crash[:head], note, *crash[len(crash) - tail :])


def _blamed(crash: Sequence[str], room: int) -> list[int]:
    """Return where it happened: the instruction pointer and the innermost calls.

    Registers, code bytes and modules may come before these, and may be longer than a
    short message.
    """
    found: list[int] = []
    pointer = next((n for n, line in enumerate(crash) if _POINTER.search(line)), None)
    trace = next((n for n, line in enumerate(crash) if _CALL_TRACE.search(line)), None)
    if pointer is not None:
        found.append(pointer)
    if trace is not None:
        frames = range(trace + 1, min(trace + 1 + SEARCHED_LINES, len(crash)))
        sure = [n for n in frames if _FRAME.search(crash[n])][:BLAMED_FRAMES]
        found += range(trace, sure[-1] + 1 if sure else trace + 1)
    chosen = sorted(set(found))
    return chosen[: _fit([crash[n] for n in chosen], room)]


def _with_blamed(
    crash: Sequence[str],
    blamed: Sequence[int],
    room: int,
    onset: int,
    notes: _Notes,
) -> tuple[str, ...]:
    note = len(notes.full(onset + len(crash))) + 1
    gaps = 1 + sum(b - a > 1 for a, b in itertools.pairwise(blamed))
    short = len(notes.short(onset + len(crash))) + 1
    left = room - note - gaps * short - _size([crash[n] for n in blamed])
    head, tail = _ends(crash, left) if left > 0 else (0, 0)
    kept = sorted({*range(head), *blamed, *range(len(crash) - tail, len(crash))})
    shown: list[str] = []
    missing, before, explained = onset, -1, False
    for number in [*kept, len(crash)]:
        missing += number - before - 1
        if missing and shown:
            # Only the first note says where the rest can be seen.
            shown.append(notes.short(missing) if explained else notes.full(missing))
            missing, explained = 0, True
        if number < len(crash):
            shown.append(crash[number])
        before = number
    return tuple(shown)


def shape(
    body: str, limit: int | None, alert_id: str, catalog: Catalog = ENGLISH
) -> str:
    r"""Return at most ``limit`` characters of any text, whole lines where possible.

    >>> shape("a\n" * 100 + "end", 99, "1f").count("lines left out")
    1
    """
    if limit is None or len(body) <= limit:
        return body
    lines = body.split("\n")
    left = limit - len(_note(len(lines), alert_id, catalog)) - 1
    head, tail = _ends(lines, left) if left > 0 else (0, 0)
    # A line is longer than its share: cut it rather than drop it.
    if not head or not tail:
        return _cut(body, limit, alert_id, catalog)
    note = _note(len(lines) - head - tail, alert_id, catalog)
    return "\n".join([*lines[:head], note, *lines[len(lines) - tail :]])


def _cut(body: str, limit: int, alert_id: str, catalog: Catalog) -> str:
    note = f"\n{catalog.texts['cut'].format(alert_id=alert_id)}\n"
    room = limit - len(note)
    if room < len(note):  # an SMS: the beginning is worth more than the note
        return body[: max(limit, 0)]
    head = int(room * HEAD_SHARE)
    return f"{body[:head]}{note}{body[len(body) - (room - head) :]}"


def _ends(lines: Sequence[str], room: int) -> tuple[int, int]:
    """Count how many lines at the head and at the tail fit."""
    head = _fit(lines, int(room * HEAD_SHARE))
    tail = _fit(lines[:head:-1], room - _size(lines[:head]))
    return head, tail


def _note(count: int, alert_id: str, catalog: Catalog) -> str:
    lines = catalog.count(count, "line")
    return catalog.texts["left-out"].format(lines=lines, count=count, alert_id=alert_id)


class _Notes(NamedTuple):
    """Notes where lines were left out; the first says where the lines can be seen."""

    alert_id: str
    catalog: Catalog

    def full(self, count: int) -> str:
        return _note(count, self.alert_id, self.catalog)

    def short(self, count: int) -> str:
        lines = self.catalog.count(count, "line")
        return self.catalog.texts["left-out-here"].format(lines=lines, count=count)


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
