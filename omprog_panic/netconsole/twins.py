"""Two targets of one host, basic and extended, send every record twice. Pure."""

from __future__ import annotations

_REMEMBERED = 512  # records of which the other copy may still come


class TwinFilter:
    """Drops the second copy of a record that came in both formats.

    Equal records of one format are no twins: a kernel whose clock stands still
    prints equal lines with equal stamps.
    """

    __slots__ = ("_surplus",)

    def __init__(self) -> None:
        # By time and text: above 0 so many basic copies are ahead, below 0 extended.
        self._surplus: dict[tuple[int, str], int] = {}

    def is_second(self, time_us: int, text: str, *, extended: bool) -> bool:
        """Return whether the other format brought this record already."""
        key = (time_us, text)
        surplus = self._surplus.pop(key, 0)
        step = -1 if extended else 1
        if surplus + step:
            self._surplus[key] = surplus + step
            if len(self._surplus) > _REMEMBERED:
                del self._surplus[next(iter(self._surplus))]
        return surplus * step < 0
