"""Fits a message to a service's limit: head and tail stay, the middle goes. Pure.

The head holds the facts and the cause, the tail the last words; apprise's own ways
(cut the end off, or split) lose one of them or send twenty messages.
"""

from __future__ import annotations

HEAD_SHARE = 0.6  # of the room; the rest is for the tail


def shape(body: str, limit: int | None, alert_id: str) -> str:
    r"""Give at most ``limit`` characters, whole lines where possible.

    >>> shape("a\\n" * 100 + "end", 90, "1f").count("lines left out")
    1
    """
    if limit is None or len(body) <= limit:
        return body
    lines = body.split("\n")
    room = limit - len(_notice(len(lines), alert_id)) - 2
    if room < 2:
        return body[: max(limit, 0)]
    head = _fit(lines, int(room * HEAD_SHARE))
    tail = _fit(lines[: head - 1 if head else None : -1], room - _size(lines[:head]))
    # A line longer than its share: cut within it rather than lose both sides.
    if head == 0 or tail == 0:
        cut = int(room * HEAD_SHARE)
        return f"{body[:cut]}\n{_cut_notice(alert_id)}\n{body[cut - room :]}"[:limit]
    left_out = len(lines) - head - tail
    kept = [*lines[:head], _notice(left_out, alert_id), *lines[len(lines) - tail :]]
    return "\n".join(kept)


def _notice(count: int, alert_id: str) -> str:
    return f"... {count} lines left out: see omprog-panic incidents show {alert_id} ..."


def _cut_notice(alert_id: str) -> str:
    return f"... cut: see omprog-panic incidents show {alert_id} ..."


def _size(lines: list[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _fit(lines: list[str], room: int) -> int:
    """Count the leading lines that fit into so many characters."""
    used = 0
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > room:
            return number
    return len(lines)
