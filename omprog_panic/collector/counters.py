"""What the collector counts, reported as one record of the spool at a time. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from omprog_panic.collector.incident import stable_id
from omprog_panic.spool.record import CountersRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

REPORT_EVERY_S = 60.0
_MAX_REFUSED = 20  # refused addresses that are named in a report, the worst
_MAX_TRACKED = 512  # between two reports; above it the less frequent half is forgotten


class Counters:
    """Sums since the collector started, by name (docs/spool.md lists the names).

    A report is due a minute after the first change since the last one. ``last_at`` is
    the reception time of the newest datagram.
    """

    __slots__ = ("_refused", "due_at", "last_at", "sums")

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.due_at: float | None = None
        self.last_at = ""
        self._refused: Counter[str] = Counter()

    def __getitem__(self, name: str) -> int:
        return self.sums[name]

    def add(self, name: str, now: float, by: int = 1) -> None:
        """Count something that must be reported."""
        if by:
            self.sums[name] += by
            if self.due_at is None:
                self.due_at = now + REPORT_EVERY_S

    def add_all(self, counts: Mapping[str, int], now: float) -> None:
        """Count what another part counted."""
        for name, by in counts.items():
            self.add(name, now, by)

    def add_quietly(self, name: str, by: int = 1) -> None:
        """Count something that waits for the next report."""
        self.sums[name] += by

    def refuse(self, address: str, now: float) -> None:
        """Count a datagram of an address that is not allowed."""
        self._refused[address] += 1
        if len(self._refused) > _MAX_TRACKED:
            self._refused = Counter(dict(self._refused.most_common(_MAX_TRACKED // 2)))
        self.add("refused_datagrams", now)

    def report(self, now: float) -> CountersRecord | None:
        """Return the record that is due, if one is."""
        if self.due_at is None or now < self.due_at:
            return None
        self.due_at = None
        sums = dict(self.sums)
        name = stable_id("counters", self.last_at, sorted(sums.items()))
        worst = dict(self._refused.most_common(_MAX_REFUSED))
        record = CountersRecord(
            name,
            self.last_at,
            sums,
            tuple(worst),
            refused_counts=tuple(worst.values()),
        )
        self._refused.clear()
        return record
