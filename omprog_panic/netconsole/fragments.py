"""The fragments of extended records that are not complete yet. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.netconsole.packet import Packet

MAX_FRAGMENTED = 16  # incomplete records; with more, the oldest is given up
MAX_PIECES = 256  # fragments of a record; kernels cut at 1000 bytes. More are lost


@dataclasses.dataclass(slots=True)
class Fragments:
    """The fragments of one record, by their offset; ``at``: when the newest came."""

    packet: Packet
    total: int
    at: str
    deadline: float
    pieces: dict[int, str] = dataclasses.field(default_factory=dict)

    def add(self, offset: int, body: str) -> bool:
        """Take a fragment; return False if it adds nothing, or is one too many."""
        body = body[: self.total - offset]
        known = self.pieces.get(offset)
        if known is None and len(self.pieces) >= MAX_PIECES:
            return False
        if known is not None and len(body) <= len(known):
            return False
        self.pieces[offset] = body
        return True

    def packets(self) -> Iterator[Packet]:
        """Return each fragment as the packet that it came in."""
        for offset, body in self.pieces.items():
            yield self.packet._replace(body=body, fragment=(offset, self.total))

    def assemble(self) -> tuple[str, int]:
        """Join the fragments; return the text and the number of missing bytes.

        rsyslogd removes a line feed at the end of a fragment: a hole of one byte is
        that line feed.
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


class IncompleteRecords:
    """Records of which fragments are missing, by their sequence number."""

    __slots__ = ("_by_sequence",)

    def __init__(self) -> None:
        self._by_sequence: dict[int, Fragments] = {}

    def __len__(self) -> int:
        return len(self._by_sequence)

    def records(self) -> list[tuple[int, Fragments]]:
        """Return the sequence numbers and the fragments, the oldest first."""
        return list(self._by_sequence.items())

    def get(self, sequence: int) -> Fragments | None:
        """Return what is there of a record."""
        return self._by_sequence.get(sequence)

    def pop(self, sequence: int) -> Fragments:
        """Remove a record, and return what was there of it."""
        return self._by_sequence.pop(sequence)

    def oldest(self) -> int:
        """Return the sequence number of the record that began first."""
        return next(iter(self._by_sequence))

    def adopt(self, fragments: Fragments) -> None:
        """Wait for the rest of a record, unless that is done already."""
        assert fragments.packet.sequence is not None
        self._by_sequence.setdefault(fragments.packet.sequence, fragments)

    def take_before(self, packet: Packet) -> list[Fragments]:
        """Remove the records just before a packet, and its own; return them."""
        assert packet.sequence is not None
        is_piece = packet.fragment is not None
        taken = self._before(packet.sequence + is_piece)
        return [self._by_sequence.pop(number) for number in taken]

    def first_before(self, sequence: int) -> int:
        """Return the first number of those just before this one, else this one."""
        return min([*self._before(sequence), sequence])

    def _before(self, sequence: int) -> list[int]:
        return [n for n in self._by_sequence if 0 < sequence - n <= MAX_FRAGMENTED]

    def take_all(self) -> list[Fragments]:
        """Return everything, and forget it."""
        taken = list(self._by_sequence.values())
        self._by_sequence.clear()
        return taken

    def has_part_of(self, packet: Packet) -> bool:
        """Return whether a fragment's record is here, without this part."""
        assert packet.sequence is not None
        assert packet.fragment is not None
        pending = self._by_sequence.get(packet.sequence)
        if pending is None or pending.packet.time_us != packet.time_us:
            return False
        offset, total = packet.fragment
        return pending.total == total and offset not in pending.pieces
