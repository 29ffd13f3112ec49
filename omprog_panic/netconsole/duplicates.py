"""Removes what a host with two targets, basic and extended, sends twice. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.netconsole.stored import expand, is_note

if TYPE_CHECKING:
    from collections.abc import Iterable

_REMEMBERED = 512  # records of which the other copy may still come


class DuplicateFilter:
    """Recognises the second copy of a record that came in both formats.

    Equal records of one format are no duplicates: a kernel whose clock stands still
    prints equal lines with equal stamps.
    """

    __slots__ = ("_surplus",)

    def __init__(self, lines: Iterable[str] = ()) -> None:
        # By time and text: above 0 so many basic copies are ahead, below 0 extended.
        self._surplus: dict[tuple[int, str], int] = {}
        # The stored lines that came so far, all of them ahead of the other format.
        for line in lines:
            record = None if is_note(line) else expand(line)
            if record is not None and record.time_us is not None:
                extended = record.sequence is not None
                self.is_duplicate(record.time_us, record.text, extended=extended)

    def is_duplicate(self, time_us: int, text: str, *, extended: bool) -> bool:
        """Return whether the other format brought this record already; remember it."""
        key = (time_us, text)
        surplus = self._surplus.pop(key, 0)
        step = -1 if extended else 1
        if surplus + step:
            self._surplus[key] = surplus + step
            if len(self._surplus) > _REMEMBERED:
                del self._surplus[next(iter(self._surplus))]
        return surplus * step < 0
