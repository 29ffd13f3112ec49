"""Puts one host's extended packets in order: fragments, holes, repeats. Pure.

Shaped like ncrx of facebook/netconsd: time comes in, "call me by" goes out, no I/O.
What it does better: a quick reboot is not mistaken for repeats (that is the boot
tracker's business, which calls :meth:`Reassembler.restart`), and a record that
comes after its hole was given up is delivered, marked late, not dropped.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from omprog_panic.netconsole.packet import Packet

HOLE_TIMEOUT_S = 0.2
MAX_WAITING = 512  # packets behind a hole; with more, the hole is given up at once
MAX_FRAGMENTED = 16  # records of which fragments are waited for; oldest goes first
_FIRST_NUMBERS = 64  # within which a second record 0 is the same one doubled
MAX_HOLES = 64  # holes given up that are remembered, to know a late packet
MAX_PIECES = 256  # of one record; kernels cut at 1000 bytes. Further ones are lost


class Ordered(NamedTuple):
    """A whole packet in its place.

    ``lost`` records are missing just before it; ``late``: it belongs into a hole
    that was already reported as lost; ``holes`` bytes of its body never came.
    ``at`` is the reception time of its (last) datagram.
    """

    packet: Packet
    at: str
    lost: int = 0
    late: bool = False
    holes: int = 0


@dataclasses.dataclass(slots=True)
class _Fragments:
    """The fragments of one record; explicit intervals, no marks in the text."""

    packet: Packet
    total: int
    at: str
    deadline: float
    pieces: dict[int, str] = dataclasses.field(default_factory=dict)

    def add(self, offset: int, body: str) -> bool:
        """Take a piece; False: it brings nothing, or is one too many."""
        body = body[: self.total - offset]
        known = self.pieces.get(offset)
        if known is None and len(self.pieces) >= MAX_PIECES:
            return False
        if known is not None and len(body) <= len(known):
            return False
        self.pieces[offset] = body
        return True

    def assemble(self) -> tuple[str, int]:
        """Join what came; return it and the number of bytes that did not.

        A line feed that ended a fragment was taken by rsyslogd: a hole of one byte
        is that line feed (netconsole.md section 8).
        """
        body, filled, holes = [], 0, 0
        for offset in sorted(self.pieces):
            piece = self.pieces[offset]
            if offset > filled:
                missing = offset - filled
                body.append("\n" if missing == 1 else f"[{missing} bytes lost]")
                holes += 0 if missing == 1 else missing
                filled = offset
            fresh = piece[filled - offset :]
            body.append(fresh)
            filled += len(fresh)
        missing = self.total - filled
        if missing > 1:
            body.append(f"[{missing} bytes lost]")
            holes += missing
        return "".join(body), holes


class Reassembler:
    """Releases one host's extended packets in order.

    A hole is waited for ``hole_timeout_s`` seconds, counted from the first packet
    behind it, and a record's fragments as long, counted from the first of them.
    Nothing is dropped silently: repeats are counted in ``repeats``, fragments that
    contradict those before them in ``odd``, missing records in :attr:`Ordered.lost`.
    """

    __slots__ = (
        "_fragments",
        "_holes",
        "_next",
        "_waiting",
        "hole_timeout_s",
        "odd",
        "repeats",
    )

    def __init__(self, hole_timeout_s: float = HOLE_TIMEOUT_S) -> None:
        self.hole_timeout_s = hole_timeout_s
        self.repeats = 0
        self.odd = 0
        self._next: int | None = None
        # By sequence number: the packet, and when it began to wait.
        self._waiting: dict[int, tuple[Ordered, float]] = {}
        self._fragments: dict[int, _Fragments] = {}
        # (first, last) of what was given up; anything else behind is a repeat.
        self._holes: list[tuple[int, int]] = []

    @property
    def expects(self) -> int | None:
        """The next sequence number, or None before the first packet."""
        return self._next

    @property
    def began_just_now(self) -> bool:
        """Whether only the first numbers of a boot were seen so far."""
        return self._next is not None and self._next < _FIRST_NUMBERS

    @property
    def busy(self) -> bool:
        """Whether a hole or a fragment is being waited for."""
        return bool(self._waiting or self._fragments)

    def dump(self) -> dict[str, Any]:
        """Write down the numbering; only while nothing is waited for."""
        assert not self.busy
        return {"next": self._next, "holes": self._holes}

    def load(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`dump` wrote."""
        self._next = state["next"]
        self._holes = [(first, last) for first, last in state["holes"]]

    def feed(self, packet: Packet, at: str, now: float) -> list[Ordered]:
        """Take a packet; return what became final by it, in order."""
        assert packet.sequence is not None
        sequence = packet.sequence
        if packet.fragment is None:
            if sequence == self._next and not self._waiting:
                # Nearly every packet: in order, nothing waiting.
                self._next = sequence + 1
                return [Ordered(packet, at)]
            return self._place(sequence, Ordered(packet, at), now)
        return self._feed_fragment(packet, at, now)

    def skip(self, sequence: int) -> bool:
        """Count a whole packet that is next in order without looking at it."""
        if sequence != self._next or self._waiting or self._fragments:
            return False
        self._next = sequence + 1
        return True

    def _feed_fragment(self, packet: Packet, at: str, now: float) -> list[Ordered]:
        assert packet.sequence is not None
        assert packet.fragment is not None
        if self._is_repeat(packet.sequence):
            self.repeats += 1
            return []
        released: list[Ordered] = []
        offset, total = packet.fragment
        pending = self._fragments.get(packet.sequence)
        if pending is not None and pending.total != total:
            # No kernel says two sizes of one record: the first is believed, or a
            # stream of others would keep every record from ever being whole.
            self.odd += 1
            return []
        if pending is None:
            if len(self._fragments) >= MAX_FRAGMENTED:
                released = self._give_up_fragments(next(iter(self._fragments)), now)
            pending = _Fragments(packet, total, at, now + self.hole_timeout_s)
            self._fragments[packet.sequence] = pending
        if not pending.add(offset, packet.body):
            self.repeats += 1
        pending.at = at
        body, holes = pending.assemble()
        if holes == 0:
            del self._fragments[packet.sequence]
            whole = packet._replace(body=body, fragment=None)
            released += self._place(packet.sequence, Ordered(whole, at), now)
        return released

    def _give_up_fragments(self, sequence: int, now: float) -> list[Ordered]:
        pending = self._fragments.pop(sequence)
        body, holes = pending.assemble()
        whole = pending.packet._replace(body=body, fragment=None)
        return self._place(sequence, Ordered(whole, pending.at, holes=holes), now)

    def _is_repeat(self, sequence: int) -> bool:
        if self._next is None or sequence >= self._next:
            return sequence in self._waiting
        return not any(first <= sequence <= last for first, last in self._holes)

    def _place(self, sequence: int, item: Ordered, now: float) -> list[Ordered]:
        if self._next is None:
            self._next = sequence
            # What the network swapped with the very first packet is no repeat.
            self._holes = [(max(0, sequence - MAX_HOLES), sequence - 1)]
        if self._is_repeat(sequence):
            self.repeats += 1
            return []
        if sequence < self._next:
            self._fill(sequence)
            return [item._replace(late=True)]
        if sequence > self._next:
            self._waiting[sequence] = (item, now)
            if len(self._waiting) > MAX_WAITING:
                return self._release_waiting(None)
            return []
        return self._release(sequence, item)

    def _release(self, sequence: int, item: Ordered) -> list[Ordered]:
        released = [item]
        self._advance(sequence)
        while self._next in self._waiting:
            released.append(self._waiting.pop(self._next)[0])
            self._advance(self._next)
        return released

    def _advance(self, sequence: int) -> None:
        assert self._next is not None
        if sequence > self._next:
            self._holes = [*self._holes[1 - MAX_HOLES :], (self._next, sequence - 1)]
        self._next = sequence + 1

    def _fill(self, sequence: int) -> None:
        rest = []
        for first, last in self._holes:
            if first <= sequence <= last:
                rest += [(first, sequence - 1), (sequence + 1, last)]
            else:
                rest.append((first, last))
        self._holes = [(first, last) for first, last in rest if first <= last]

    def _release_waiting(self, now: float | None) -> list[Ordered]:
        """Give up the holes that were waited for long enough; None: all of them."""
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
        """Return what became final because time passed."""
        released: list[Ordered] = []
        due = [s for s, f in self._fragments.items() if f.deadline <= now]
        for sequence in due:
            released += self._give_up_fragments(sequence, now)
        if self._waiting:
            released += self._release_waiting(now)
        return released

    def deadline(self) -> float | None:
        """Tell the latest moment for the next :meth:`tick`; None: no need."""
        if not self._waiting and not self._fragments:
            return None
        times = [fragments.deadline for fragments in self._fragments.values()]
        if self._waiting:
            times.append(self._waiting[min(self._waiting)][1] + self.hole_timeout_s)
        return min(times)

    def flush(self) -> list[Ordered]:
        """Give up every hole now."""
        released: list[Ordered] = []
        for sequence in list(self._fragments):
            released += self._give_up_fragments(sequence, 0.0)
        return released + self._release_waiting(None)

    def restart(self) -> list[Ordered]:
        """Forget the numbering: the host counts anew. Returns what was waiting."""
        released = self.flush()
        self._next = None
        self._holes = []
        return released
