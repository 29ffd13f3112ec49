"""Puts one host's extended packets in order, and notices when it counts anew. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.collector.boot_time import seconds_between
from omprog_panic.collector.start_mark import IDENTITY_EXPIRES_S
from omprog_panic.collector.timeline import SWAPPED_WITHIN_S
from omprog_panic.kernel.start_line import first_signature
from omprog_panic.kernel.terminator import is_boot_banner
from omprog_panic.netconsole.reassembly import SWAPPED_WITHIN, Reassembler
from omprog_panic.netconsole.stored import is_stored

if TYPE_CHECKING:
    from omprog_panic.collector.timeline import Timeline
    from omprog_panic.netconsole.packet import Packet
    from omprog_panic.netconsole.reassembly import Ordered

_FIRST_NUMBERS = 64  # up to here a second record 0 is a doubled datagram
_LOOK_BACK = 256  # newest lines in which an equal record is searched


class PacketOrder(Reassembler):
    """A reassembler that begins anew at a boot, or at the replay of a reload."""

    __slots__ = ("_expected_before",)

    def __init__(self) -> None:
        super().__init__()
        self._expected_before = 0  # the next number before the last new beginning

    def feed_in(
        self,
        timeline: Timeline,
        packet: Packet,
        at: str,
        now: float,
    ) -> list[Ordered]:
        """Take the next packet of a host; return what became final by it, in order."""
        if timeline.undecided is None and packet.sequence == self.expects:
            return self.feed(packet, at, now)  # nearly every packet
        released: list[Ordered] = []
        boot = timeline.active
        self.was_received = lambda other: _is_known(
            other, at, [*boot.last_lines, *boot.cutter.newest(_LOOK_BACK)]
        )
        if self._counts_anew(timeline, packet, at, now):
            self._expected_before = self.expects or 0
            released = self.restart(packet)
        elif timeline.undecided is not None and self._resumes(timeline, packet):
            released = self.restart(packet)
        return released + self.feed(packet, at, now)

    def _counts_anew(
        self,
        timeline: Timeline,
        packet: Packet,
        at: str,
        now: float,
    ) -> bool:
        """Return whether the numbering starts again: a boot, or a reload's replay.

        A network that swaps datagrams does so within milliseconds and over a few
        numbers; a host that boots was silent before.
        """
        expects, sequence = self.expects, packet.sequence
        assert sequence is not None
        if expects is None or sequence >= expects:
            return False
        is_piece = packet.fragment is not None and self.incomplete.has_part_of(packet)
        if is_piece and sequence > 0:
            # restart() would cut the record in two. Of a banner, number 0, only the
            # pause before it shows that it is not a doubled one.
            return False
        if timeline.replays_in_panic(at, now):
            return False
        if sequence == 0 and is_boot_banner(packet.body):
            return expects >= _FIRST_NUMBERS
        if expects - sequence < SWAPPED_WITHIN:
            return seconds_between(timeline.last_at, at) > SWAPPED_WITHIN_S
        memory = timeline.active.memory
        time_us, high_us = packet.time_us or 0, memory.high_us
        # Backwards in number but not in time: no repeat looks like that.
        falls_back = memory.begins_anew(packet.time_us, packet.body)
        return falls_back or (high_us is not None and time_us > high_us)

    def _resumes(self, timeline: Timeline, packet: Packet) -> bool:
        """Return whether the numbering that seemed to be over goes on after all.

        Then what began anew was another host behind the same address.
        """
        sequence, expects = packet.sequence, self.expects
        if sequence is None or expects is None or expects == self._expected_before:
            return False
        high_us, time_us = timeline.boot.memory.high_us, packet.time_us
        return (
            0 <= sequence - self._expected_before < SWAPPED_WITHIN
            and high_us is not None
            and time_us is not None
            and time_us >= high_us
        )


def _is_known(packet: Packet, at: str, lines: list[str]) -> bool:
    """Return whether a packet is in one of these lines.

    Hosts whose clock shows the same in every boot may crash with the same number, time
    and text another day: what begins a crash is compared with recent lines only.
    """
    if packet.fragment is None and first_signature(packet.body) is not None:
        lines = [line for line in lines if _is_recent(line, at)]
    return is_stored(packet, lines)


def _is_recent(line: str, at: str) -> bool:
    known, _, _ = line.partition("\t")
    return abs(seconds_between(known, at)) <= IDENTITY_EXPIRES_S
