"""One source address: usually one host, more of them behind NAT. Pure.

Which of them printed a record is told by the moment at which its kernel booted
(:mod:`omprog_panic.collector.origin`). The boot before the last is such a host too:
rsyslogd's disk queue may bring the rest of its panic after words of the new boot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omprog_panic.collector.budget import Budget
from omprog_panic.collector.origin import slack_s, wall_s
from omprog_panic.collector.sender import Sender
from omprog_panic.errors import MalformedPacketError
from omprog_panic.model import EndReason
from omprog_panic.netconsole.packet import parse_packet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.collector.event import Event
    from omprog_panic.collector.open_trace import TraceLimits
    from omprog_panic.collector.timeline import Timeline

MAX_OTHERS = 4  # hosts behind an address beside the first; the longest silent goes
# Anybody can forge "[    0.000000]": so many boots of one address, then one a minute.
BOOTS, BOOTS_PER_S = 20, 1 / 60
RETIRED_S = 600.0  # so long the rest of a boot's last words is waited for
_YOUNG_US = 180_000_000  # a boot whose records may be confused with the one before


class Address(Sender):
    """A sender, and whoever else speaks from the same address."""

    __slots__ = ("_boots", "_limits", "named", "others")

    def __init__(self, limits: TraceLimits, *, named: bool = False) -> None:
        super().__init__(limits)
        # Listed by its own address, not only by its network: goes before others.
        self.named = named
        self._boots: Budget | None = None
        self._limits = limits
        self.others: list[Sender] = []

    def feed(self, payload: str, at: str, now: float) -> list[Event] | None:
        """Take one datagram, for whom it belongs to."""
        line = self._line_of(payload, at) if self.others else self
        if line is not self:
            events = line.feed(payload, at, now)
            for name, by in line.take_counts().items():
                self.timeline.give_up(name, by)
            return self._part(line, events) if line.timeline.parted else events
        events = super().feed(payload, at, now)
        if self.timeline.parted:
            events = self._part(self, events)
        if self.others:
            self._forget_retired(now)
            self.quiet = self.quiet and not self._confusable
        return events

    def may_tell_boot(self, now: float) -> bool:
        """Return whether another boot of this address is told, or left out."""
        if self._boots is None:
            self._boots = Budget(BOOTS, BOOTS_PER_S)
        return self._boots.take(now)

    @property
    def _confusable(self) -> bool:
        high_us = self.timeline.memory.high_us
        young = high_us is None or high_us < _YOUNG_US
        return young or self._shared

    @property
    def _shared(self) -> bool:
        return any(other.timeline.retired_at is None for other in self.others)

    def _line_of(self, payload: str, at: str) -> Sender:
        if at >= self.timeline.boot and not self._shared:
            return self  # received after the boot: no rest of the one before
        try:
            time_us = parse_packet(payload).time_us
        except MalformedPacketError:
            time_us = None
        if time_us is None:
            # No stamp: it belongs to what was said just before.
            return max(self._lines(), key=lambda line: line.timeline.last_heard)
        wall = wall_s(at)
        if wall is None:
            return self
        best: Sender = self
        nearest = float("inf")
        for line in self._lines():
            last, high_us = wall_s(line.timeline.last_at), line.timeline.memory.high_us
            if last is None or high_us is None:
                continue
            distance = abs(wall - time_us / 1e6 - (last - high_us / 1e6))
            if distance < min(nearest, slack_s(wall - last)):
                best, nearest = line, distance
        return best

    def _lines(self) -> Iterator[Sender]:
        yield self
        yield from self.others

    def _part(self, line: Sender, events: list[Event] | None) -> list[Event]:
        """Give hosts of their own to what a timeline has let go."""
        events = list(events or ())
        while line.timeline.parted:
            parted, line.timeline.parted = line.timeline.parted, ()
            for timeline in parted:
                events += self._take_in(timeline)
            # May bring more of them: what waited in the order was two hosts'.
            events += line.forget_numbers(parted[-1].last_heard)
        line.timeline.other_spoke = False
        return events

    def _take_in(self, timeline: Timeline) -> list[Event]:
        events: list[Event] = []
        others = [o for o in self.others if not _replaced_by(timeline, o)]
        gone = [o for o in self.others if _replaced_by(timeline, o)]
        while len(others) >= MAX_OTHERS:
            least = min(others, key=_worth)
            others.remove(least)
            gone.append(least)
        for sender in gone:
            events += sender.close(EndReason.EVICTED, timeline.last_heard)
        other = Sender(self._limits)
        other.timeline = timeline
        self.others = [*others, other]
        return self._part(other, events)

    def _forget_retired(self, now: float) -> None:
        self.others = [
            other
            for other in self.others
            if other.busy
            or other.timeline.retired_at is None
            or now - other.timeline.retired_at < RETIRED_S
        ]

    # --- as one sender -------------------------------------------------------

    def tick(self, now: float) -> list[Event] | None:
        """Do what time alone brings about."""
        events = super().tick(now)
        if self.timeline.parted:
            events = self._part(self, events)
        for other in list(self.others):
            more = other.tick(now)
            if other.timeline.parted:
                more = self._part(other, more)
            events = [*(events or ()), *(more or ())]
        return events or None

    @property
    def busy(self) -> bool:
        """Whether anything waits for time to pass."""
        return super().busy or any(other.busy for other in self.others)

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: no need."""
        if not self.others:
            return super().deadline()
        times = [super().deadline(), *(other.deadline() for other in self.others)]
        return min((at for at in times if at is not None), default=None)

    def take_counts(self) -> dict[str, int]:
        """Return what was given up since the last call, by name."""
        counts = super().take_counts()
        for other in self.others:
            for name, by in other.take_counts().items():
                counts = {**counts, name: counts.get(name, 0) + by}
        return counts

    @property
    def held_bytes(self) -> int:
        """Return about what all of it takes in memory."""
        return super().held_bytes + sum(other.held_bytes for other in self.others)

    @property
    def undecided(self) -> bool:
        """Whether :meth:`dump` must wait."""
        return super().undecided or any(other.undecided for other in self.others)

    def settle(self, now: float) -> list[Event]:
        """Give up holes and bursts, so that :meth:`dump` need not wait."""
        events = super().settle(now)
        if self.timeline.parted:
            events = self._part(self, events)
        for other in list(self.others):
            events += other.settle(now)
            if other.timeline.parted:
                events = self._part(other, events)
        return events

    def close(self, reason: EndReason, now: float) -> list[Event]:
        """Return everything up: holes, bursts, open traces."""
        events = self.settle(now)
        for line in self._lines():
            events += line.timeline.close(reason)
        return events

    def dump(self) -> dict[str, Any]:
        """Write down everything as JSON can hold it."""
        return {**super().dump(), "others": [other.dump() for other in self.others]}

    def load(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`dump` wrote."""
        super().load(state)
        for dumped in state.get("others", ()):
            other = Sender(self._limits)
            other.load(dumped)
            self.others.append(other)


def _replaced_by(parted: Timeline, other: Sender) -> bool:
    """Of the boots that are over only the last is kept."""
    return parted.retired_at is not None and other.timeline.retired_at is not None


def _worth(other: Sender) -> tuple[bool, float]:
    return other.timeline.retired_at is None, other.timeline.last_heard
