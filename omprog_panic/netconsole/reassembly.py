"""Puts one host's extended packets in order: fragments, holes, repeats. Pure.

The interface is that of ncrx in facebook/netconsd: time is an argument, and
``deadline`` returns when to call again. In addition, a quick reboot is not mistaken
for repeats (the caller recognises it and calls :meth:`Reassembler.restart`), and a
record that arrives after its hole was given up is delivered, marked as late.

A number alone never makes a repeat: hosts behind one address count independently, and
numbers can be forged. A record whose number was used is released unless the caller
knows its content. Numberings that a jump left are remembered and taken up again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.netconsole.fragments import (
    MAX_FRAGMENTED,
    Fragments,
    IncompleteRecords,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.netconsole.packet import Packet

HOLE_TIMEOUT_S = 0.2
MAX_WAITING = 512  # packets behind a hole; with more, the hole is given up at once
MAX_HOLES = 64  # holes given up that are remembered, to recognise a late packet
MAX_NUMBERINGS = 4  # that were left by a jump, or by another host's packets
SWAPPED_WITHIN = 64  # sequence numbers over which a network may swap datagrams


class Ordered(NamedTuple):
    """A whole packet in its place.

    ``lost`` records are missing just before it; ``late``: it belongs into a hole
    that was already reported as lost; ``holes`` bytes of its body never arrived.
    ``at`` is the reception time of its (last) datagram.
    """

    packet: Packet
    at: str
    lost: int = 0
    late: bool = False
    holes: int = 0


class Numbering(NamedTuple):
    """The next sequence number, and the holes that were given up (first, last)."""

    next: int | None
    holes: tuple[tuple[int, int], ...]
    others: tuple[int, ...] = ()  # the next numbers of numberings that may go on


class Reassembler:
    """Releases one host's extended packets in order.

    A hole is given up after ``hole_timeout_s`` seconds, counted from the first packet
    behind it; so is an incomplete record, counted from its first fragment. Nothing is
    dropped silently: repeats are counted in ``repeats``, fragments that contradict
    earlier ones in ``odd``, missing records in :attr:`Ordered.lost`.

    ``was_received``: whether a packet, of a number that was used, or a fragment is
    equal to one that was released; by default none is.
    """

    __slots__ = (
        "_holes",
        "_next",
        "_others",
        "_waiting",
        "hole_timeout_s",
        "incomplete",
        "odd",
        "repeats",
        "was_received",
    )

    def __init__(self, hole_timeout_s: float = HOLE_TIMEOUT_S) -> None:
        self.hole_timeout_s = hole_timeout_s
        self.was_received: Callable[[Packet], bool] = _never
        self.repeats = 0
        self.odd = 0
        self._next: int | None = None
        # By sequence number: the packet, and when it began to wait.
        self._waiting: dict[int, tuple[Ordered, float]] = {}
        self.incomplete = IncompleteRecords()
        # (first, last) of what was given up; any other lower number was used.
        self._holes: list[tuple[int, int]] = []
        # The next numbers of numberings that may go on, the newest last.
        self._others: tuple[int, ...] = ()

    @property
    def expects(self) -> int | None:
        """The next sequence number, or None before the first packet."""
        return self._next

    @property
    def busy(self) -> bool:
        """Whether a hole is open or a record incomplete."""
        return bool(self._waiting or self.incomplete)

    def numbering(self) -> Numbering:
        """Return the numbering; only allowed while not :attr:`busy`."""
        assert not self.busy
        return Numbering(self._next, tuple(self._holes), self._others)

    def resume(self, numbering: Numbering) -> None:
        """Continue with what :meth:`numbering` returned."""
        self._next = numbering.next
        self._holes = list(numbering.holes)
        self._others = numbering.others

    def feed(self, packet: Packet, at: str, now: float) -> list[Ordered]:
        """Take a packet; return the packets that became final, in order."""
        assert packet.sequence is not None
        sequence = packet.sequence
        if packet.fragment is None:
            if sequence == self._next and not self._waiting:
                # Nearly every packet: in order, nothing is waiting.
                self._next = sequence + 1
                return [Ordered(packet, at)]
            return self._place(sequence, Ordered(packet, at), now)
        return self._feed_fragment(packet, at, now)

    def skip(self, sequence: int) -> bool:
        """Count a complete packet if it is the next one; return whether it is."""
        if sequence != self._next or self._waiting or self.incomplete:
            return False
        self._next = sequence + 1
        return True

    def _feed_fragment(self, packet: Packet, at: str, now: float) -> list[Ordered]:
        assert packet.sequence is not None
        assert packet.fragment is not None
        released: list[Ordered] = []
        offset, total = packet.fragment
        pending = self.incomplete.get(packet.sequence)
        if pending is not None and pending.total != total:
            # No kernel gives two sizes for one record: the first is believed, or a
            # stream of others would keep every record from ever being complete.
            self.odd += 1
            return []
        if pending is None:
            if len(self.incomplete) >= MAX_FRAGMENTED:
                released = self._give_up_fragments(self.incomplete.oldest(), now)
            pending = Fragments(packet, total, at, now + self.hole_timeout_s)
            self.incomplete.adopt(pending)
        if not pending.add(offset, packet.body):
            self.repeats += 1
        pending.at = at
        body, holes = pending.assemble()
        if holes == 0:
            self.incomplete.pop(packet.sequence)
            whole = packet._replace(body=body, fragment=None)
            released += self._place(packet.sequence, Ordered(whole, at), now)
        return released

    def _give_up_fragments(self, sequence: int, now: float) -> list[Ordered]:
        pending = self.incomplete.pop(sequence)
        if self._is_used(sequence) and all(map(self.was_received, pending.packets())):
            self.repeats += len(pending.pieces)
            return []
        body, holes = pending.assemble()
        whole = pending.packet._replace(body=body, fragment=None)
        return self._place(sequence, Ordered(whole, pending.at, holes=holes), now)

    def _is_used(self, sequence: int) -> bool:
        if self._next is None or sequence >= self._next:
            return False
        return not any(first <= sequence <= last for first, last in self._holes)

    def _place(self, sequence: int, item: Ordered, now: float) -> list[Ordered]:
        if self._next is None:
            self._next = self.incomplete.first_before(sequence)
            # What the network swapped with the first packet of all is no repeat.
            self._holes = [(max(0, self._next - MAX_HOLES), self._next - 1)]
        released = self._take_up(sequence)
        waiting = self._waiting.get(sequence)
        if waiting is not None:
            return released + self._release_other(item, waiting[0])
        if self._is_used(sequence):
            return released + self._release_other(item)
        if sequence < self._next:
            self._holes = _without(self._holes, sequence)
            return [*released, item._replace(late=True)]
        if sequence > self._next:
            self._waiting[sequence] = (item, now)
            if len(self._waiting) > MAX_WAITING:
                return released + self._release_waiting(None)
            return released
        return released + self._release(sequence, item)

    def _release_other(
        self, item: Ordered, waiting: Ordered | None = None
    ) -> list[Ordered]:
        """Release a packet whose number was used, unless it is a repeat."""
        if waiting is None:
            is_repeat = self.was_received(item.packet)
        else:
            is_repeat = waiting.packet.body == item.packet.body
        if is_repeat:
            self.repeats += 1
            return []
        return [item]

    def _take_up(self, sequence: int) -> list[Ordered]:
        """Go on with a numbering that was left, if a number fits only that one."""
        assert self._next is not None
        if not self._others or sequence == self._next:
            return []
        ahead = [o for o in self._others if 0 <= sequence - o < SWAPPED_WITHIN]
        if not ahead:
            return []
        other = max(ahead)
        if sequence != other and 0 <= sequence - self._next < SWAPPED_WITHIN:
            return []
        released = self._release_waiting(None)
        others = _with(self._others, self._next)
        self._others = tuple(number for number in others if number != other)
        self._next = other
        return released

    def _release(self, sequence: int, item: Ordered) -> list[Ordered]:
        released = [item]
        self._advance(sequence)
        while self._next in self._waiting:
            released.append(self._waiting.pop(self._next)[0])
            self._advance(self._next)
        return released

    def _advance(self, sequence: int) -> None:
        assert self._next is not None
        if sequence - self._next > SWAPPED_WITHIN:
            # Lost, hidden by the log level, of another host, or forged.
            self._others = _with(self._others, self._next)
        elif sequence > self._next:
            self._holes = [*self._holes[1 - MAX_HOLES :], (self._next, sequence - 1)]
        self._next = sequence + 1

    def _release_waiting(self, now: float | None) -> list[Ordered]:
        """Give up the holes whose time is over at ``now``; None: all of them."""
        released: list[Ordered] = []
        while self._waiting:
            sequence = min(self._waiting)
            item, since = self._waiting[sequence]
            if now is not None and since + self.hole_timeout_s > now:
                break
            assert self._next is not None
            del self._waiting[sequence]
            lost = sequence - self._next
            released += self._release(sequence, item._replace(lost=lost))
        return released

    def tick(self, now: float) -> list[Ordered]:
        """Return the packets that became final because time passed."""
        released: list[Ordered] = []
        due = [s for s, f in self.incomplete.records() if f.deadline <= now]
        for sequence in due:
            released += self._give_up_fragments(sequence, now)
        if self._waiting:
            released += self._release_waiting(now)
        return released

    def deadline(self) -> float | None:
        """Return when :meth:`tick` must be called; None: not needed."""
        if not self._waiting and not self.incomplete:
            return None
        times = [fragments.deadline for _, fragments in self.incomplete.records()]
        if self._waiting:
            times.append(self._waiting[min(self._waiting)][1] + self.hole_timeout_s)
        return min(times)

    def flush(self) -> list[Ordered]:
        """Give up every hole and every incomplete record now."""
        released: list[Ordered] = []
        for sequence, _ in self.incomplete.records():
            released += self._give_up_fragments(sequence, 0.0)
        return released + self._release_waiting(None)

    def restart(self, packet: Packet | None = None) -> list[Ordered]:
        """Forget the numbering: the host counts anew. Return what was waiting.

        ``packet``: the one that shows it. Its own fragments, and an incomplete record
        just before it, are of the new numbering.
        """
        begun = [] if packet is None else self.incomplete.take_before(packet)
        released = self.flush()
        self._next = None
        self._holes = []
        self._others = ()
        for fragments in begun:
            self.incomplete.adopt(fragments)
        return released


def _without(holes: list[tuple[int, int]], number: int) -> list[tuple[int, int]]:
    """Return the holes when this number is missing no more."""
    rest = []
    for first, last in holes:
        if first <= number <= last:
            rest += [(first, number - 1), (number + 1, last)]
        else:
            rest.append((first, last))
    return [(first, last) for first, last in rest if first <= last]


def _with(numberings: tuple[int, ...], number: int) -> tuple[int, ...]:
    """Return the numberings with one more that may go on."""
    others = tuple(other for other in numberings if other != number)
    return (*others, number)[-MAX_NUMBERINGS:]


def _never(_packet: Packet) -> bool:
    return False
