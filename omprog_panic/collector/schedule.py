"""When which source is due. Pure."""

from __future__ import annotations

import heapq


class Schedule:
    """The earliest time of each key; a later one does not replace an earlier one."""

    __slots__ = ("_heap", "_times")

    def __init__(self) -> None:
        # An entry of the heap may be out of date: the times decide.
        self._heap: list[tuple[float, str]] = []
        self._times: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._times)

    def set(self, key: str, at: float | None) -> None:
        """Let a key be due at a time, or earlier if it is due earlier already.

        None: there is no new time.
        """
        if at is None:
            return
        known = self._times.get(key)
        if known is None or at < known:
            self._times[key] = at
            heapq.heappush(self._heap, (at, key))

    def discard(self, key: str) -> None:
        """Forget a key."""
        self._times.pop(key, None)

    def pop(self, now: float) -> tuple[float, str] | None:
        """Remove and return what is due first, as (time, key); None: nothing is."""
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._times.get(key) == at:
                del self._times[key]
                return at, key
        return None

    def next_at(self) -> float | None:
        """Return when :meth:`pop` must be called; None: not needed."""
        return self._heap[0][0] if self._heap else None
