"""One source address: usually one host, several of them behind NAT. Pure.

A record belongs to the host whose kernel booted at the time that the record's stamp
shows (:mod:`omprog_panic.collector.boot_time`). The boot before the present one is
kept as such a host, too: rsyslogd's disk queue may deliver the rest of its panic after
records of the new boot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.collector.boot_time import wall_s
from omprog_panic.collector.host_stream import HostStream
from omprog_panic.collector.numbering import PacketOrder
from omprog_panic.collector.timeline import Timeline, TimelineSplit
from omprog_panic.collector.token_bucket import TokenBucket
from omprog_panic.errors import MalformedPacketError
from omprog_panic.model import EndReason
from omprog_panic.netconsole.packet import Packet, parse_packet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from omprog_panic.collector.events import Event
    from omprog_panic.collector.open_trace import TraceLimits
    from omprog_panic.collector.timeline import Outcome

MAX_OTHERS = 4  # hosts beside the first; the one silent longest is given up
# Anybody can forge "[    0.000000]": boots of one address at once, and a second.
BOOTS, BOOTS_PER_S = 20, 1 / 60
RETIRED_S = 600.0  # so long the rest of a previous boot is expected
_YOUNG_US = 180_000_000  # a boot whose records may be confused with the one before
NEVER = -1e9  # before any time of the clock


class Source:
    """Owns the streams of the hosts that send from one address.

    ``append_ordinary_line``: where an ordinary line may go directly
    (:meth:`HostStream.append_ordinary_line`); None: it must be fed.
    """

    __slots__ = (
        "_boots",
        "append_ordinary_line",
        "last_sign_at",
        "named",
        "others",
        "primary",
    )

    def __init__(self, limits: TraceLimits, *, named: bool = False) -> None:
        # Listed by its own address, not only by its network: it has precedence.
        self.named = named
        self.last_sign_at = NEVER  # our clock at its last sign of life in the spool
        self.primary = HostStream(Timeline(limits))
        self.others: list[HostStream] = []
        self._boots: TokenBucket | None = None
        self.append_ordinary_line: Callable[..., bool] | None = None

    def feed(self, payload: str, at: str, now: float) -> list[Event] | None:
        """Take one datagram; return what came of it, None for an empty list."""
        primary = self.primary
        stream = self._stream_of(payload, at) if self.others else primary
        outcomes = stream.feed(payload, at, now)
        events = None if outcomes is None else self._own(stream, outcomes)
        if stream is primary:
            if self.others:
                self._forget_retired(now)
            direct = primary.takes_ordinary_lines and not (
                self.others and (self._is_ambiguous or self.busy)
            )
            self.append_ordinary_line = primary.append_ordinary_line if direct else None
        return events

    def may_report_boot(self, now: float) -> bool:
        """Return whether another boot of this address is reported, or left out."""
        if self._boots is None:
            self._boots = TokenBucket(BOOTS, BOOTS_PER_S)
        return self._boots.take(now)

    # --- whose datagram it is ------------------------------------------------

    @property
    def _is_ambiguous(self) -> bool:
        """Whether even an ordinary line may be another host's, or an old boot's."""
        high_us = self.primary.timeline.boot.memory.high_us
        return high_us is None or high_us < _YOUNG_US or self._is_shared

    @property
    def _is_shared(self) -> bool:
        return any(other.timeline.retired_at is None for other in self.others)

    def _stream_of(self, payload: str, at: str) -> HostStream:
        if at >= self.primary.timeline.boot.name and not self._is_shared:
            return self.primary  # received after the boot: not the rest of the last
        try:
            packet = parse_packet(payload)
        except MalformedPacketError:
            packet = Packet(payload)
        for stream in self._streams() if packet.fragment is not None else ():
            order = stream.order
            if order is not None and order.incomplete.has_part_of(packet):
                return stream
        time_us = packet.time_us
        if time_us is None:
            # No stamp: it belongs to the newest record before it.
            return max(self._streams(), key=lambda s: s.timeline.last_heard)
        return _nearest(self._streams(), at, time_us) or self.primary

    def _streams(self) -> Iterator[HostStream]:
        yield self.primary
        yield from self.others

    # --- hosts that split off ------------------------------------------------

    def _own(self, stream: HostStream, outcomes: list[Outcome]) -> list[Event]:
        """Give streams of their own to the timelines that split off a stream."""
        events: list[Event] = []
        while outcomes:
            splits = [o.timeline for o in outcomes if isinstance(o, TimelineSplit)]
            events += [o for o in outcomes if not isinstance(o, TimelineSplit)]
            if not splits:
                break
            order = stream.order
            parts = [] if order is None else order.incomplete.take_all()
            for timeline in splits:
                events += self._add(timeline)
            for part in parts:
                # Of a record that had begun when the hosts were told apart.
                time_us = part.packet.time_us or 0
                owner = _nearest(self._streams(), part.at, time_us) or stream
                owner.order = owner.order or PacketOrder()
                owner.order.incomplete.adopt(part)
            # What waited in the order was of two hosts, and may split once more.
            outcomes = stream.forget_numbers(splits[-1].last_heard)
        return events

    def _add(self, timeline: Timeline) -> list[Event]:
        events: list[Event] = []
        others = [o for o in self.others if not _replaces(timeline, o)]
        gone = [o for o in self.others if _replaces(timeline, o)]
        while len(others) >= MAX_OTHERS:
            least = min(others, key=_worth)
            others.remove(least)
            gone.append(least)
        for stream in gone:
            events += stream.close(EndReason.EVICTED, timeline.last_heard)
        self.others = [*others, HostStream(timeline)]
        return events

    def _forget_retired(self, now: float) -> None:
        self.others = [
            other
            for other in self.others
            if other.busy
            or other.timeline.retired_at is None
            or now - other.timeline.retired_at < RETIRED_S
        ]

    # --- time ----------------------------------------------------------------

    def tick(self, now: float) -> list[Event] | None:
        """Do what is due at this time."""
        events = self._own(self.primary, self.primary.tick(now) or [])
        for other in list(self.others):
            events += self._own(other, other.tick(now) or [])
        return events or None

    @property
    def busy(self) -> bool:
        """Whether something is waiting for time to pass."""
        return self.primary.busy or any(other.busy for other in self.others)

    @property
    def undecided(self) -> bool:
        """Whether a hole or a burst is open, which a checkpoint cannot store."""
        return any(stream.undecided for stream in self._streams())

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: not needed."""
        if not self.others:
            return self.primary.deadline()
        times = [stream.deadline() for stream in self._streams()]
        return min((at for at in times if at is not None), default=None)

    def settle(self, now: float) -> list[Event]:
        """Give up holes and decide bursts, so that nothing is undecided."""
        events = self._own(self.primary, self.primary.settle(now))
        for other in list(self.others):
            events += self._own(other, other.settle(now))
        return events

    def close(self, reason: EndReason, now: float) -> list[Event]:
        """Close everything: holes, bursts, open traces."""
        events = self.settle(now)
        for stream in self._streams():
            events += stream.close(reason, now)
        return events

    # --- what is known of it -------------------------------------------------

    @property
    def last_heard(self) -> float:
        """Our clock at the last datagram of the first host."""
        return self.primary.timeline.last_heard

    @property
    def names(self) -> tuple[str | None, str | None]:
        """The name that the first host gave itself, and its kernel release."""
        return self.primary.timeline.host, self.primary.timeline.kernel

    @property
    def held_bytes(self) -> int:
        """About how many bytes of memory contexts and open traces take."""
        return sum(stream.held_bytes for stream in self._streams())

    def newest_lines(self) -> list[str]:
        """Return the context, or the open trace, of the first host as it is stored."""
        return self.primary.newest_lines()


def _replaces(timeline: Timeline, other: HostStream) -> bool:
    """Return whether both are boots that are over: only the last one is kept."""
    return timeline.retired_at is not None and other.timeline.retired_at is not None


def _worth(other: HostStream) -> tuple[bool, float]:
    return other.timeline.retired_at is None, other.timeline.last_heard


def _nearest(streams: Iterable[HostStream], at: str, time_us: int) -> HostStream | None:
    """Return the host whose clock shows this time, None if none does."""
    wall = wall_s(at)
    if wall is None:
        return None
    best: HostStream | None = None
    nearest = float("inf")
    for stream in streams:
        distance = stream.clock_distance_s(wall, time_us)
        if distance < nearest:
            best, nearest = stream, distance
    return best
