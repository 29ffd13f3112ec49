"""Drops the lines that rsyslogd sends a second time after a restart. Pure.

It repeats what it had in flight, to the letter and once. The reception time in a line
makes an equal new line impossible.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ResentLines:
    """The lines that may come again, each as often as it came before."""

    __slots__ = ("_expected",)

    def __init__(self) -> None:
        self._expected: Counter[bytes] = Counter()

    def expect(self, lines: Iterable[bytes]) -> None:
        """Name the lines that may come again, in place of those named before."""
        self._expected = Counter(lines)

    def __bool__(self) -> bool:
        return bool(self._expected)

    def drop(self, chunk: bytes) -> tuple[bytes | None, int]:
        """Return a chunk without them, None if nothing is left; and their number."""
        lines = chunk.split(b"\n")
        new = [line for line in lines if not self._is_resent(line)]
        dropped = len(lines) - len(new)
        return (b"\n".join(new) if new else None), dropped

    def _is_resent(self, line: bytes) -> bool:
        left = self._expected.get(line, 0)
        if left == 0:
            return False
        if left == 1:
            del self._expected[line]
        else:
            self._expected[line] = left - 1
        return True
