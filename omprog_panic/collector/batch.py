"""Lines that were confirmed and not processed yet. Pure."""

from __future__ import annotations

MAX_LINES = 64
MAX_AGE_S = 0.005


class Batch:
    """Chunks of lines; all of them are processed as of the time of the first."""

    __slots__ = ("_chunks", "began_at", "lines")

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.lines = 0
        self.began_at = 0.0

    def begin(self, now: float) -> float:
        """Return the time of the batch: now, if nothing is in it."""
        if not self._chunks:
            self.began_at = now
        return self.began_at

    def add(self, chunk: bytes) -> None:
        """Add lines, separated by line feeds."""
        self._chunks.append(chunk)

    def is_open(self, now: float) -> bool:
        """Return whether there is room and time for more lines."""
        return self.lines < MAX_LINES and now < self.began_at + MAX_AGE_S

    def take(self) -> tuple[bytes, int]:
        """Return all lines and their number, and empty the batch."""
        chunks, lines = self._chunks, self.lines
        self._chunks, self.lines = [], 0
        return chunks[0] if len(chunks) == 1 else b"\n".join(chunks), lines

    def __bool__(self) -> bool:
        return bool(self._chunks)
