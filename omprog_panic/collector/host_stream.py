"""One host: its datagrams to its records, in order and each once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.collector.boot_time import slack_s, wall_s
from omprog_panic.collector.continuation import (
    LOOK_BACK,
    can_be_continued,
    is_continuation,
    is_doubled,
)
from omprog_panic.collector.events import Dropped
from omprog_panic.collector.numbering import PacketOrder
from omprog_panic.collector.stream_record import (
    NOTABLE_KEYS,
    StreamRecord,
    is_notable,
)
from omprog_panic.collector.timeline import Timeline, TimelineSplit
from omprog_panic.errors import MalformedPacketError
from omprog_panic.kernel.start_line import first_signature, may_begin_start
from omprog_panic.kernel.terminator import terminator
from omprog_panic.netconsole.duplicates import DuplicateFilter
from omprog_panic.netconsole.packet import (
    Packet,
    parse_basic,
    parse_packet,
    record_of,
    split_dropped,
)
from omprog_panic.netconsole.stored import (
    note_dropped,
    note_hole,
    store_basic,
    store_extended,
)

if TYPE_CHECKING:
    from omprog_panic.collector.boot_session import BootSession
    from omprog_panic.collector.events import Event
    from omprog_panic.collector.timeline import Outcome
    from omprog_panic.model import EndReason
    from omprog_panic.netconsole.reassembly import Ordered

# Pieces of one line of an old kernel follow each other within milliseconds.
_CONTINUES_WITHIN_S = 2.0
# The clock of ordinary lines does not leap; one that does may be another kernel's.
_LEAP_US = 60_000_000
_SENT_AGAIN = 1024  # newest lines that rsyslogd may pass on again
_BASIC, _EXTENDED, _MIXED = 1, 2, 3
_FORMS = {_BASIC: "basic", _EXTENDED: "extended", _MIXED: "mixed"}


class HostStream:
    """Reassembly, boots and traces of one host.

    ``feed`` and ``tick`` return what came of it; None stands for an empty list.
    ``formats`` is 1 for basic datagrams, 2 for extended ones, 3 for both;
    ``stamped``: the basic ones have time stamps.
    """

    __slots__ = (
        "_clock_at",
        "_duplicates",
        "_duplicates_of",
        "formats",
        "order",
        "stamped",
        "timeline",
    )

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.order: PacketOrder | None = None
        self.formats = 0
        self.stamped = False
        # When the newest record was taken, while others wait behind a hole.
        self._clock_at = ""
        self._duplicates: DuplicateFilter | None = None
        self._duplicates_of: BootSession | None = None

    def feed(self, payload: str, at: str, now: float) -> list[Outcome] | None:
        """Take one datagram, received at ``at`` and ``now``."""
        timeline = self.timeline
        if at < timeline.last_at and _is_sent_again(timeline, f"{at}\t{payload}"):
            return [Dropped("repeated_datagrams")]
        events: list[Outcome] | None = None
        try:
            packet = parse_packet(payload)
        except MalformedPacketError:
            events = [Dropped("malformed_datagrams")]
            packet = Packet(payload)
        if not timeline.boot.name:
            timeline.boot.name = at
        self.formats |= _EXTENDED if packet.extended else _BASIC
        timeline.form = _FORMS[self.formats]
        if packet.extended:
            more = self._feed_extended(packet, at, now)
        else:
            more = self._feed_basic(packet, payload, at, now)
        if more:
            events = [*(events or ()), *more]
            for event in more:
                if isinstance(event, TimelineSplit) and event.spoke:
                    timeline = event.timeline
        if packet.fragment is not None and _waits_for_rest(self.order, packet):
            # When the boot before this one was heard last is asked with the record.
            return events
        timeline.last_heard = now
        timeline.last_at = at
        return events

    def append_ordinary_line(
        self,
        at: str,
        payload: str,
        text: str,
        stamp: str,
        sequence: str,
        now: float,
    ) -> bool:
        """Take a record that means nothing, if it is one: nearly all are.

        ``payload`` is the datagram, ``text`` what it says, ``stamp`` the digits of the
        kernel's time in microseconds, ``sequence`` those of the number ("" in basic
        format). The caller has seen that the text has no mark of a start line
        (``start_line.has_mark``), of many lines at once where it can. Returns False,
        and does nothing, if the datagram must go to :meth:`feed`. Allowed while
        :attr:`takes_ordinary_lines`.

        Most of the collector's time is spent here: so this reads and writes the parts
        of the timeline directly.
        """
        time_us = int(stamp)
        timeline = self.timeline
        boot = timeline.boot
        memory = boot.memory
        high_us = memory.high_us
        if high_us is None or not 0 < time_us - high_us < _LEAP_US:
            return False
        if (text[:3] in NOTABLE_KEYS or may_begin_start(text)) and is_notable(text):
            return False
        if not sequence:
            if self.formats != _BASIC:
                return False
        elif self.order is None or not self.order.skip(int(sequence)):
            return False
        memory.high_us = time_us
        boot.cutter.remember(f"{at}\t{payload}")
        timeline.last_at = at
        timeline.last_heard = now
        return True

    @property
    def takes_ordinary_lines(self) -> bool:
        """Whether nothing is open, and everything in order and in one format."""
        return self.formats != _MIXED and not self.busy

    # --- extended format -----------------------------------------------------

    def _feed_extended(
        self, packet: Packet, at: str, now: float
    ) -> list[Outcome] | None:
        order = self.order
        if order is None:
            order = self.order = PacketOrder()
        if not order.busy:
            self._clock_at = self.timeline.last_at
        released = order.feed_in(self.timeline, packet, at, now)
        if not order.repeats and not order.odd:
            return self._release(released, now)
        dropped: list[Outcome] = [
            Dropped("repeated_datagrams", order.repeats),
            Dropped("odd_fragments", order.odd),
        ]
        order.repeats = order.odd = 0
        return dropped + (self._release(released, now) or [])

    def _release(self, released: list[Ordered], now: float) -> list[Outcome] | None:
        """Take packets that are in order."""
        events: list[Outcome] = []
        timeline = self.timeline
        if released:
            self._clock_at = released[-1].at
        for packet, at, lost, late, _holes in released:
            cutter = timeline.active.cutter
            if lost:
                assert packet.sequence is not None
                cutter.note(note_hole(packet.sequence - lost, packet.sequence - 1))
            if (
                packet.flag != "-"
                and not lost
                and not late
                and can_be_continued(cutter.last_line())
                and is_continuation(packet, timeline.kernel)
            ):
                events += timeline.closed(cutter.amend(packet.body, now))
                continue
            record = self._extended_record(packet, store_extended(packet, at), at)
            if late and not record.user:
                assert packet.sequence is not None
                line, text, time_us, _ = record
                if cutter.fill(packet.sequence, line, text, time_us, now):
                    continue
            events += self._deliver(record, now, extended=True) or ()
        return events or None

    def _extended_record(self, packet: Packet, line: str, at: str) -> StreamRecord:
        text = packet.body
        if "\\" in text or "\n" in text:
            record = record_of(packet, at)
            text = record.text
            if record.keys:
                keys = record.keys
                self.timeline.learn(keys.get("host"), keys.get("release"))
        if packet.release is not None:
            self.timeline.kernel = packet.release
        return StreamRecord(line, text, packet.time_us, packet.is_user)

    def forget_numbers(self, now: float) -> list[Outcome]:
        """Expect any sequence number next: the last ones were two hosts'."""
        if self.order is None:
            return []
        return self._release(self.order.restart(), now) or []

    # --- basic format --------------------------------------------------------

    def _feed_basic(
        self,
        packet: Packet,
        payload: str,
        at: str,
        now: float,
    ) -> list[Outcome] | None:
        time_us = packet.time_us
        timeline = self.timeline
        cutter = timeline.active.cutter
        if time_us is not None:
            self.stamped = True
            high_us = timeline.boot.memory.high_us
            if (
                high_us is not None
                and time_us <= high_us
                and is_doubled(payload, at, cutter.newest(LOOK_BACK))
            ):
                return [Dropped("repeated_datagrams")]
        elif packet.caller is None:
            dropped, rest = split_dropped(payload)
            if dropped:
                cutter.note(note_dropped(dropped))
                if not rest:
                    return None
                return self._feed_basic(parse_basic(rest), rest, at, now)
            if self._continues(packet.body, now):
                return [*timeline.closed(cutter.amend(payload, now))]
        text = record_of(packet, at).text if "\n" in packet.body else packet.body
        record = StreamRecord(store_basic(payload, at), text, time_us, packet.is_user)
        waited: list[Outcome] = []
        if self.order is not None and self.order.busy and terminator(text) is not None:
            # A panic of the other format may wait behind a hole.
            waited = self._release(self.order.flush(), now) or []
        return waited + (self._deliver(record, now, extended=False) or []) or None

    def _continues(self, text: str, now: float) -> bool:
        """Return whether a datagram without a time stamp continues a stamped line."""
        timeline = self.timeline
        if not self.stamped or now - timeline.last_heard >= _CONTINUES_WITHIN_S:
            return False
        if first_signature(text) is not None or terminator(text) is not None:
            # printk.time was switched off: from here on every datagram is a line.
            self.stamped = False
            return False
        return can_be_continued(timeline.active.cutter.last_line())

    # --- both ----------------------------------------------------------------

    def _deliver(
        self,
        record: StreamRecord,
        now: float,
        *,
        extended: bool,
    ) -> list[Outcome] | None:
        time_us = record.time_us
        if self.formats == _MIXED and time_us is not None:
            boot = self.timeline.active
            if self._duplicates is None or self._duplicates_of is not boot:
                # Another boot may print the same at the same time of its clock.
                self._duplicates_of = boot
                newest = boot.cutter.newest(LOOK_BACK)
                self._duplicates = DuplicateFilter(newest, now)
            if self._duplicates.is_duplicate(
                time_us, record.text, now, extended=extended
            ):
                return [Dropped("duplicate_records")]
        return self.timeline.feed(record, now)

    def clock_distance_s(self, wall: float, time_us: int) -> float:
        """Return how far a stamp, received at ``wall``, is from this host's clock.

        Infinite where it cannot be this host's.
        """
        timeline = self.timeline
        is_waiting = self.order is not None and self.order.busy
        # The kernel's clock is that of the newest record that was taken.
        last_at = self._clock_at if is_waiting else timeline.last_at
        last, high_us = wall_s(last_at), timeline.boot.memory.high_us
        if last is None or high_us is None:
            return float("inf")
        distance = abs(wall - time_us / 1e6 - (last - high_us / 1e6))
        return distance if distance < slack_s(wall - last) else float("inf")

    @property
    def held_bytes(self) -> int:
        """About how many bytes of memory context and open trace take."""
        return self.timeline.boot.cutter.held_bytes

    def newest_lines(self) -> list[str]:
        """Return the context, or the open trace, as it is stored."""
        return self.timeline.boot.cutter.newest(self.timeline.limits.max_records)

    # --- time ----------------------------------------------------------------

    def tick(self, now: float) -> list[Outcome] | None:
        """Do what is due at this time."""
        events: list[Outcome] = []
        if self.order is not None:
            events += self._release(self.order.tick(now), now) or ()
        events += self.timeline.tick(now) or ()
        return events or None

    @property
    def busy(self) -> bool:
        """Whether something is waiting for time to pass."""
        return self.timeline.busy or (self.order is not None and self.order.busy)

    @property
    def undecided(self) -> bool:
        """Whether a hole or a burst is open, which a checkpoint cannot store."""
        waits = self.order is not None and self.order.busy
        return waits or self.timeline.undecided is not None

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: not needed."""
        times = [self.timeline.deadline()]
        if self.order is not None:
            times.append(self.order.deadline())
        return min((at for at in times if at is not None), default=None)

    def settle(self, now: float) -> list[Outcome]:
        """Give up holes and decide the burst, so that nothing is undecided."""
        events: list[Outcome] = []
        if self.order is not None:
            events += self._release(self.order.flush(), now) or ()
        return events + self.timeline.settle(now)

    def close(self, reason: EndReason, now: float) -> list[Event]:
        """Close everything: holes, burst, open trace; also of hosts that split off."""
        events: list[Event] = []
        for event in self.settle(now) + self.timeline.close(reason):
            if isinstance(event, TimelineSplit):
                events += event.timeline.close(reason)
            else:
                events.append(event)
        return events


def _is_sent_again(timeline: Timeline, line: str) -> bool:
    """Return whether rsyslogd passed this very datagram on before.

    After a restart it passes on again what was not confirmed, with the old time of
    reception. Equal lines that it receives at once are kept: they are older than none.
    """
    boots = [timeline.boot, timeline.active]
    return any(
        line in boot.last_lines or line in boot.cutter.newest(_SENT_AGAIN)
        for boot in boots
    )


def _waits_for_rest(order: PacketOrder | None, packet: Packet) -> bool:
    """Return whether other fragments of this one's record are missing."""
    number = packet.sequence
    if order is None or number is None:
        return False
    return order.incomplete.get(number) is not None
