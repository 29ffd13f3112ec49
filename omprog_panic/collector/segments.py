"""The files of the journal: their format, what they contain, which are needed.

A segment is a file ``NNNNNNNN.journal``: 16 bytes of header, then entries of a marker
(4 bytes), ``now`` (8 bytes, seconds of the pipeline's clock), CRC-32 of all the rest (4
bytes), kind (1 byte), length (4 bytes) and content.

A damaged entry costs no other: reading goes on at the next marker that begins a valid
entry, and the segment is set aside when it is no longer needed.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = b"omprog-panic j1\n"
# Lines contain no NUL, so that no text of a kernel can look like an entry.
_MARKER = b"\xf5\x00\xf6\x00"
MARKER = int.from_bytes(_MARKER, "little")
ENTRY = struct.Struct("<IdIBI")  # marker, now, CRC-32, kind, length
TIME = struct.Struct("<d")
_HEAD = ENTRY.size
DAMAGED_SUFFIX = ".damaged"  # of a segment that was set aside
_MAX_SET_ASIDE = 8  # of these are kept, the newest


class Entry(NamedTuple):
    """One entry, read back."""

    kind: int
    now: float
    content: bytes


class Damage(NamedTuple):
    """Bytes of a segment that are no valid entry, and are skipped."""

    position: int
    length: int


class SegmentFiles:
    """The segments in a folder, oldest first; ``total_bytes`` is what they take."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._damaged: set[int] = set()  # to be set aside, by number
        self.numbers = sorted(
            int(path.stem) for path in folder.glob("*.journal") if path.stem.isdigit()
        )
        self.total_bytes = 0
        self.measure()

    def path(self, number: int) -> Path:
        """Return the file of a segment."""
        return self._folder / f"{number:08d}.journal"

    @property
    def newest(self) -> int:
        """The number of the newest segment; 0 if there is none."""
        return self.numbers[-1] if self.numbers else 0

    def add(self, number: int, size: int) -> None:
        """Note a segment that was just created."""
        self.numbers.append(number)
        self.total_bytes += size

    def measure(self) -> None:
        """Ask the file system for the sizes."""
        self.total_bytes = 0
        for number in self.numbers:
            with contextlib.suppress(OSError):
                self.total_bytes += self.path(number).stat().st_size

    def recover(self) -> Iterator[Entry]:
        """Yield every valid entry of every segment, oldest first.

        Raises:
            JournalError: a segment cannot be read.

        """
        for number in self.numbers:
            for found in read_segment(self._content(number)):
                if isinstance(found, Entry):
                    yield found

    def find_damage(self) -> dict[str, list[Damage]]:
        """Return what recovery skips: the damage of each segment, by file name.

        Such segments are set aside, not deleted, when they are no longer needed.

        Raises:
            JournalError: a segment cannot be read.

        """
        damaged: dict[str, list[Damage]] = {}
        for number in self.numbers:
            for found in read_segment(self._content(number)):
                if isinstance(found, Damage):
                    self._damaged.add(number)
                    damaged.setdefault(self.path(number).name, []).append(found)
        return damaged

    def is_damaged(self, number: int) -> bool:
        """Return whether :meth:`find_damage` found some in this segment."""
        return number in self._damaged

    def _content(self, number: int) -> bytes:
        try:
            return self.path(number).read_bytes()
        except OSError as error:
            raise JournalError(f"journal cannot be read: {error}") from error

    def forget_before(self, number: int) -> None:
        """Delete the segments older than this one, which contains their state.

        Damaged ones are renamed to ``NNNNNNNN.damaged`` for whoever examines them.
        """
        for old in [n for n in self.numbers if n < number]:
            with contextlib.suppress(FileNotFoundError):
                if old in self._damaged:
                    self._set_aside(old)
                else:
                    self.path(old).unlink()
            self.numbers.remove(old)
        self.measure()

    def _set_aside(self, number: int) -> None:
        self._damaged.discard(number)
        path = self.path(number)
        path.rename(path.with_suffix(DAMAGED_SUFFIX))
        kept = sorted(self._folder.glob(f"*{DAMAGED_SUFFIX}"))
        for path in kept[:-_MAX_SET_ASIDE]:
            path.unlink()


def read_segment(content: bytes) -> Iterator[Entry | Damage]:
    """Yield the entries of one segment, and what lies between them and is none.

    A torn end (an entry without its length, then nothing) is no damage: it was never
    confirmed.
    """
    position = 0
    if content.startswith(MAGIC):
        position = len(MAGIC)
    while position < len(content):
        entry = _entry_at(content, position)
        if entry is not None:
            yield entry
            position += _HEAD + len(entry.content)
            continue
        following = _next_entry(content, position + 1)
        if following is None:
            if content[position : position + _HEAD].strip(b"\0"):
                written = len(content.rstrip(b"\0"))
                yield Damage(position, written - position)
            return
        yield Damage(position, following - position)
        position = following


def _entry_at(content: bytes, position: int) -> Entry | None:
    """Return the entry that begins here; None if none does, or its CRC is wrong."""
    if position + _HEAD > len(content):
        return None
    marker, now, checksum, kind, length = ENTRY.unpack_from(content, position)
    start = position + _HEAD
    if marker != MARKER or not 0 < length <= len(content) - start:
        return None
    body = content[start : start + length]
    # The CRC covers the header, too.
    seed = zlib.crc32(TIME.pack(now)) ^ (kind << 24) ^ length
    return Entry(kind, now, body) if zlib.crc32(body, seed) == checksum else None


def _next_entry(content: bytes, position: int) -> int | None:
    """Return where the next valid entry begins, None if there is none."""
    while (position := content.find(_MARKER, position)) >= 0:
        if _entry_at(content, position) is not None:
            return position
        position += 1
    return None
