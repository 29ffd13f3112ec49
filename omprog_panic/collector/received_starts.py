"""Recognises a trace that rsyslogd sent again, whatever became of its boot. Pure.

What is sent again has the time of reception that it had: no other line is equal in
that and in its text. It may arrive after the next boot, or mixed with a new panic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.collector.published_ids import PublishedIds

if TYPE_CHECKING:
    from omprog_panic.collector.open_trace import ClosedTrace
    from omprog_panic.collector.start_mark import StartMark


class ReceivedStarts:
    """The start lines and terminators of the newest traces of all sources."""

    def __init__(self, limit: int) -> None:
        self._keys = PublishedIds(limit)

    def add(self, source: str, trace: ClosedTrace) -> list[StartMark]:
        """Remember a trace; return its start lines that show that it is no repeat.

        One line received before shows a repeat: the rest may have been lost. A panic
        that was not received before never is one.
        """
        new = [m for m in trace.starts if _key(source, m) not in self._keys]
        for mark in (*trace.starts, *trace.last):
            self._keys.add(_key(source, mark))
        if len(new) == len(trace.starts) or any(mark.panic for mark in new):
            return new
        return []


def _key(source: str, mark: StartMark) -> str:
    return f"{source} {mark.at} {mark.text}"
