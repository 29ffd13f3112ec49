"""A token bucket: limits how often something is reported. Pure."""

from __future__ import annotations


class TokenBucket:
    """Holds up to ``size`` tokens and gains ``per_s`` tokens a second."""

    __slots__ = ("_at", "_left", "_per_s", "_size")

    def __init__(self, size: float, per_s: float) -> None:
        self._size = size
        self._per_s = per_s
        self._left = size
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take one token; return False if there is none."""
        if self._at is not None and now > self._at:
            self._left = min(self._size, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
