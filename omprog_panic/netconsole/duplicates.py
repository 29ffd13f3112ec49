"""Removes what a host with two targets, basic and extended, sends twice. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.netconsole.stored import expand, is_note

if TYPE_CHECKING:
    from collections.abc import Iterable

_WITHIN_S = 2.0  # the two copies are sent at once
_REMEMBERED = 512  # records of which the other copy may still come


class DuplicateFilter:
    """Recognises the second copy of a record that came in both formats.

    Equal records of one format are no duplicates: a kernel whose clock stands still
    prints equal lines with equal stamps.
    """

    __slots__ = ("_surplus",)

    def __init__(self, lines: Iterable[str] = (), now: float = 0.0) -> None:
        # By time and text: above 0 so many basic copies are ahead, below 0 extended;
        # and when the last one came.
        self._surplus: dict[tuple[int, str], tuple[int, float]] = {}
        # The stored lines that came so far, all of them ahead of the other format.
        for line in lines:
            record = None if is_note(line) else expand(line)
            if record is not None and record.time_us is not None:
                extended = record.sequence is not None
                self.is_duplicate(record.time_us, record.text, now, extended=extended)

    def is_duplicate(
        self, time_us: int, text: str, now: float, *, extended: bool
    ) -> bool:
        """Return whether the other format brought this record already; remember it."""
        key = (time_us, text)
        surplus, last = self._surplus.pop(key, (0, now))
        if now - last > _WITHIN_S:
            surplus = 0  # another host, or boot, printed it
        step = -1 if extended else 1
        if surplus + step:
            self._surplus[key] = surplus + step, now
            if len(self._surplus) > _REMEMBERED:
                del self._surplus[next(iter(self._surplus))]
        return surplus * step < 0
