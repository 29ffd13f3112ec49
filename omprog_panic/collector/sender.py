"""One source address: its datagrams to its records, in order and each once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omprog_panic.collector.heard import (
    NOTABLE,
    Heard,
    is_notable,
    seconds_between,
)
from omprog_panic.collector.timeline import MAX_RELEASE, SWAPPED_WITHIN_S, Timeline
from omprog_panic.errors import MalformedPacketError
from omprog_panic.kernel.start_line import first_signature
from omprog_panic.kernel.terminator import is_boot_banner
from omprog_panic.netconsole.packet import (
    Packet,
    parse_basic,
    parse_packet,
    record_of,
    split_dropped,
)
from omprog_panic.netconsole.reassembly import Ordered, Reassembler
from omprog_panic.netconsole.stored import (
    expand,
    is_note,
    note_dropped,
    note_hole,
    payload_of,
    store_basic,
    store_extended,
)
from omprog_panic.netconsole.twins import TwinFilter

if TYPE_CHECKING:
    from omprog_panic.collector.event import Event
    from omprog_panic.collector.open_trace import TraceLimits
    from omprog_panic.model import EndReason

# Pieces of one line of an old kernel follow each other within milliseconds.
_CONTINUES_WITHIN_S = 2.0
_MAX_CONTINUED = 4096  # characters; then a datagram without a time stamp stands alone
_LOOK_BACK = 64  # lines in which a doubled or swapped datagram is looked for
_SWAPPED_WITHIN = 64  # sequence numbers over which a network may swap
# Chatter does not leap; what does may be another kernel's.
_LEAP_US = 60_000_000
_FORM_BASIC, _FORM_EXTENDED, _FORM_MIXED = 1, 2, 3
_FORMS = {_FORM_BASIC: "basic", _FORM_EXTENDED: "extended", _FORM_MIXED: "mixed"}
_PLAIN_STATE = ("said_at", "_form", "_stamped")


class Sender:
    """``feed`` and ``tick`` return what came of it; None is an empty list."""

    __slots__ = (
        "_counted",
        "_form",
        "_order",
        "_stamped",
        "_twins",
        "quiet",
        "said_at",
        "timeline",
    )

    def __init__(self, limits: TraceLimits) -> None:
        self.timeline = Timeline(limits)
        self.said_at = -1e9  # when its life sign was last handed on
        # Whether take_chatter may be called: nothing open, one format, in order.
        self.quiet = False
        self._order: Reassembler | None = None
        self._counted = 0  # the number expected next before the last new beginning
        self._form = 0
        self._stamped = False
        self._twins: TwinFilter | None = None

    def feed(self, payload: str, at: str, now: float) -> list[Event] | None:
        """Take one datagram."""
        timeline = self.timeline
        try:
            packet = parse_packet(payload)
        except MalformedPacketError:
            timeline.give_up("malformed_datagrams")
            packet = Packet(payload)
        if not timeline.boot:
            timeline.boot = at
        self._form |= _FORM_EXTENDED if packet.extended else _FORM_BASIC
        timeline.form = _FORMS[self._form]
        if packet.extended:
            events = self._extended(packet, at, now)
        else:
            events = self._basic(packet, payload, at, now)
        if timeline.other_spoke:
            timeline.other_spoke = False
            timeline = timeline.parted[-1]
        timeline.last_heard = now
        timeline.last_at = at
        self.quiet = self._form != _FORM_MIXED and not self.busy
        return events

    def take_chatter(
        self,
        at: str,
        payload: str,
        text: str,
        time_us: int,
        sequence: int | None,
        now: float,
    ) -> bool:
        """Take a record that needs no thought, if it is one: nearly all are.

        ``payload`` is the datagram, ``text`` what it says. False: nothing was done,
        :meth:`feed` must be asked.
        """
        timeline = self.timeline
        memory = timeline.memory
        high_us = memory.high_us
        if high_us is None or not 0 < time_us - high_us < _LEAP_US:
            return False
        if text[:3] in NOTABLE and is_notable(text):
            return False
        if sequence is None:
            if self._form != _FORM_BASIC:
                return False
        elif self._order is None or not self._order.skip(sequence):
            return False
        memory.high_us = time_us
        timeline.machine.remember(f"{at}\t{payload}")
        timeline.last_at = at
        timeline.last_heard = now
        return True

    def _extended(self, packet: Packet, at: str, now: float) -> list[Event] | None:
        order = self._order
        if order is None:
            order = self._order = Reassembler()
        released: list[Ordered] = []
        if self._counts_anew(packet, order, at, now):
            self._counted = order.expects or 0
            released = order.restart()
        elif self.timeline.undecided and self._resumes(packet, order):
            released = order.restart()
        released += order.feed(packet, at, now)
        if order.repeats or order.odd:
            self.timeline.give_up("repeated_datagrams", order.repeats)
            self.timeline.give_up("odd_fragments", order.odd)
            order.repeats = order.odd = 0
        return self._ordered(released, now)

    def _counts_anew(
        self,
        packet: Packet,
        order: Reassembler,
        at: str,
        now: float,
    ) -> bool:
        """Return whether the numbering starts again: a boot, or a reload's replay.

        A network that swaps datagrams does so within milliseconds and over a few
        numbers; a host that boots was silent before.
        """
        expects, sequence = order.expects, packet.sequence
        assert sequence is not None
        if expects is None or sequence >= expects:
            return False
        if self.timeline.replays_in_panic(at, now):
            return False
        if sequence == 0 and is_boot_banner(packet.body):
            return not order.began_just_now
        if expects - sequence < _SWAPPED_WITHIN:
            return seconds_between(self.timeline.last_at, at) > SWAPPED_WITHIN_S
        memory = self.timeline.active_memory
        time_us, high_us = packet.time_us or 0, memory.high_us
        # Backwards in number but not in time: no repeat looks like that.
        falls_back = memory.begins_anew(packet.time_us, packet.body)
        return falls_back or (high_us is not None and time_us > high_us)

    def _resumes(self, packet: Packet, order: Reassembler) -> bool:
        """Return whether the numbering that seemed to be over goes on after all.

        Then what began anew was another host behind the same address.
        """
        sequence, expects = packet.sequence, order.expects
        if sequence is None or expects is None or expects == self._counted:
            return False
        high_us, time_us = self.timeline.memory.high_us, packet.time_us
        return (
            0 <= sequence - self._counted < _SWAPPED_WITHIN
            and high_us is not None
            and time_us is not None
            and time_us >= high_us
        )

    def forget_numbers(self, now: float) -> list[Event]:
        """Expect any number next: the last ones were two hosts'."""
        if self._order is None:
            return []
        return self._ordered(self._order.restart(), now) or []

    def _ordered(self, released: list[Ordered], now: float) -> list[Event] | None:
        events: list[Event] = []
        for packet, at, lost, late, _holes in released:
            if lost:
                assert packet.sequence is not None
                self.timeline.active.note(
                    note_hole(packet.sequence - lost, packet.sequence - 1),
                )
            line = store_extended(packet, at)
            if late:
                assert packet.sequence is not None
                if self.timeline.active.fill(packet.sequence, line):
                    continue
            if packet.flag != "-" and not lost and self._continues(packet):
                events += self.timeline.wrap(
                    self.timeline.active.amend(packet.body, now),
                )
                continue
            events += self._deliver_extended(packet, line, at, now)
        return events or None

    def _continues(self, packet: Packet) -> bool:
        """Return whether a fragment of a line appends to the record before it.

        "+" always does, "c" only on kernels from 4.10 to 5.3, which do not join lines
        while an extended console is there. Before them it opens a line. After them it
        marks what pr_cont said behind a whole line (thousands of times in the
        scheduler's dump of panic_print): a line of its own, as consoles show it. The
        release is known from the banner, the header or the host's own statement.
        """
        if not self._may_amend():
            return False
        if packet.flag == "+":
            return True
        return _joins_with_c(packet.release or self.timeline.kernel)

    def _deliver_extended(
        self,
        packet: Packet,
        line: str,
        at: str,
        now: float,
    ) -> list[Event]:
        body = packet.body
        if "\\" in body or "\n" in body:
            record = record_of(packet, at)
            text = record.text
            if record.keys:
                self._take_keys(record.keys)
        else:
            text = body
        if packet.release is not None:
            self.timeline.kernel = packet.release
        heard = Heard(line, text, packet.time_us, packet.is_user)
        return self._deliver(heard, now, extended=True) or []

    def _take_keys(self, keys: dict[str, str]) -> None:
        if "host" in keys:
            self.timeline.host = keys["host"][:255]
        if "release" in keys:
            self.timeline.kernel = keys["release"][:MAX_RELEASE]

    def _basic(
        self,
        packet: Packet,
        payload: str,
        at: str,
        now: float,
    ) -> list[Event] | None:
        time_us = packet.time_us
        if time_us is not None:
            self._stamped = True
            high_us = self.timeline.memory.high_us
            if high_us is not None and time_us <= high_us and self._doubled(payload):
                self.timeline.give_up("repeated_datagrams")
                return None
        elif packet.caller is None:
            dropped, rest = split_dropped(payload)
            if dropped:
                self.timeline.active.note(note_dropped(dropped))
                return self._basic(parse_basic(rest), rest, at, now) if rest else None
            if self._joins(packet.body, now):
                return self.timeline.wrap(
                    self.timeline.active.amend(payload, now),
                )
        body = packet.body
        text = record_of(packet, at).text if "\n" in body else body
        heard = Heard(store_basic(payload, at), text, time_us, packet.is_user)
        return self._deliver(heard, now, extended=False)

    def _joins(self, text: str, now: float) -> bool:
        """Return whether a datagram without a time stamp continues a stamped line."""
        if not self._stamped or now - self.timeline.last_heard >= _CONTINUES_WITHIN_S:
            return False
        if first_signature(text) is not None:
            # printk.time was switched off: from here on every datagram is a line.
            self._stamped = False
            return False
        return self._may_amend()

    def _may_amend(self) -> bool:
        last = self.timeline.active.last_line()
        return last is not None and not is_note(last) and len(last) < _MAX_CONTINUED

    def _doubled(self, payload: str) -> bool:
        """Return whether the network brought this datagram twice.

        While the kernel's clock stands still (interrupts off, TCG) equal lines with
        equal stamps are no repeats: then nothing is dropped.
        """
        newest = [payload_of(line) for line in self.timeline.active.newest(_LOOK_BACK)]
        if payload not in newest:
            return False
        stamps = [line[:16] for line in newest[-_LOOK_BACK:]]
        return stamps.count(payload[:16]) == newest.count(payload)

    def _deliver(
        self,
        heard: Heard,
        now: float,
        *,
        extended: bool,
    ) -> list[Event] | None:
        time_us = heard.time_us
        if (
            self._form == _FORM_MIXED
            and time_us is not None
            and self._is_twin(time_us, heard.text, extended=extended)
        ):
            self.timeline.give_up("twin_records")
            return None
        return self.timeline.feed(heard, now)

    def _is_twin(self, time_us: int, text: str, *, extended: bool) -> bool:
        if self._twins is None:
            # So far only one format came: all of it is ahead of the other.
            self._twins = TwinFilter()
            for line in self.timeline.active.newest(_LOOK_BACK):
                known = None if is_note(line) else expand(line)
                if known is not None and known.time_us is not None:
                    self._twins.is_second(
                        known.time_us,
                        known.text,
                        extended=known.sequence is not None,
                    )
        return self._twins.is_second(time_us, text, extended=extended)

    def tick(self, now: float) -> list[Event] | None:
        """Do what time alone brings about."""
        events: list[Event] = []
        if self._order is not None:
            events += self._ordered(self._order.tick(now), now) or []
        events += self.timeline.tick(now) or []
        return events or None

    def take_counts(self) -> dict[str, int]:
        """Return what was given up since the last call, by name."""
        counts = self.timeline.counts
        if counts:
            self.timeline.counts = {}
        return counts

    @property
    def busy(self) -> bool:
        """Whether anything waits for time to pass."""
        return self.timeline.busy or (self._order is not None and self._order.busy)

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: no need."""
        times = [self.timeline.deadline()]
        if self._order is not None:
            times.append(self._order.deadline())
        return min((at for at in times if at is not None), default=None)

    @property
    def held_bytes(self) -> int:
        """Return about what context and open trace take in memory."""
        return self.timeline.machine.held_bytes

    def newest_lines(self) -> list[str]:
        """Return the context, or the open trace, as it is stored."""
        timeline = self.timeline
        return timeline.machine.newest(timeline.limits.max_records)

    @property
    def undecided(self) -> bool:
        """Whether :meth:`dump` must wait: a hole or a burst is open for seconds."""
        waits = self._order is not None and self._order.busy
        return waits or self.timeline.undecided

    def dump(self) -> dict[str, Any]:
        """Write down everything as JSON can hold it."""
        assert not self.undecided
        return {
            **{name: getattr(self, name) for name in _PLAIN_STATE},
            "timeline": self.timeline.dump(),
            "order": None if self._order is None else self._order.dump(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`dump` wrote."""
        for name in _PLAIN_STATE:
            setattr(self, name, state[name])
        self.timeline.load(state["timeline"])
        if state["order"] is not None:
            self._order = Reassembler()
            self._order.load(state["order"])

    def close(self, reason: EndReason, now: float) -> list[Event]:
        """Return everything up: holes, burst, open trace."""
        events = self.settle(now) + self.timeline.close(reason)
        for parted in self.timeline.parted:
            events += parted.close(reason)
        return events

    def settle(self, now: float) -> list[Event]:
        """Give up holes and burst, so that :meth:`dump` need not wait."""
        events: list[Event] = []
        if self._order is not None:
            events += self._ordered(self._order.flush(), now) or []
        return events + self.timeline.settle(now)


def _joins_with_c(release: str | None) -> bool:
    if release is None:
        return False
    numbers = release.split(".", 2)[:2]
    try:
        major, minor = (int(number) for number in numbers)
    except ValueError:
        return False
    return (4, 10) <= (major, minor) < (5, 4)
