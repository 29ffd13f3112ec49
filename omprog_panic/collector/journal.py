"""The journal: append-only segments that hold a line before it is confirmed.

An entry is written through a memory map, without a system call: the page cache
survives kill -9 of this process. :meth:`Journal.sync` makes it survive a power cut as
well; it is called while a trace is open (docs/journal.md says what can be lost).

The length of an entry is written last: a torn entry counts as none. Space is allocated
when a segment (:mod:`omprog_panic.collector.segments`) is created, so a full disk is
reported there, as an error, and never as a signal in the middle of a write.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import mmap
import os
import threading
import zlib
from typing import TYPE_CHECKING

from omprog_panic.collector.segments import (
    ENTRY,
    MAGIC,
    MARKER,
    TIME,
    Damage,
    SegmentFiles,
    read_segment,
)
from omprog_panic.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omprog_panic.collector.segments import Entry

_HEAD = ENTRY.size
LOCK_WAIT_S = 6.0  # less than omprog's confirmTimeout
_WINDOW = 1024 * 1024
_PAGE = mmap.ALLOCATIONGRANULARITY


LINES = 1  # lines from rsyslogd as they came, separated by line feeds
PUBLISHED = 2  # the id of a record that is in the spool
SOURCE = 3  # the state of one source (state_codec.encode_source)
CHECKPOINT = 4  # begins one: the addresses whose state follows (encode_addresses)
PUBLISHED_BEFORE = 5  # ids of incidents published earlier (encode_published)
NEWEST = 6  # lines of the segment before, which rsyslogd may send again
RESTARTED = 7  # another process took over here: the newest lines may come again
ALLOWED = 8  # the networks that are allowed from here on (encode_networks)


@dataclasses.dataclass(frozen=True, slots=True)
class JournalLimits:
    """Sizes in bytes."""

    segment_bytes: int = 8 * 1024 * 1024
    max_bytes: int = 1024 * 1024 * 1024  # above it lines are answered with an error


class Journal:
    """The open segment, and the older ones that are still needed."""

    def __init__(self, folder: Path, limits: JournalLimits | None = None) -> None:
        self._limits = limits or JournalLimits()
        self._window: mmap.mmap | None = None
        self._window_at = 0
        self._window_end = 0
        self._position = 0
        self._size = 0
        self._file = -1
        self._lock = _lock(folder)
        self._segments = SegmentFiles(folder)
        self._crc_of_time = (0.0, zlib.crc32(TIME.pack(0.0)))
        self.dirty = False

    # --- reading back --------------------------------------------------------

    def recover(self) -> Iterator[Entry]:
        """Yield every valid entry (:meth:`SegmentFiles.recover`)."""
        return self._segments.recover()

    def find_damage(self) -> dict[str, list[Damage]]:
        """Return what recovery skips (:meth:`SegmentFiles.find_damage`)."""
        return self._segments.find_damage()

    def resume(self) -> bool:
        """Continue in the newest segment; return False if there is none to use.

        What follows its last whole entry was torn; it is overwritten with zeros. A
        damaged segment is not continued: it is evidence.
        """
        newest = self._segments.newest
        if not newest or self._segments.is_damaged(newest):
            return False
        path = self._segments.path(newest)
        file = -1
        try:
            content = path.read_bytes()
            if not content.startswith(MAGIC):
                return False
            end = len(MAGIC)
            for entry in read_segment(content):
                if isinstance(entry, Damage):
                    return False
                end += self.size_of(entry.content)
            file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            os.ftruncate(file, end)
            os.posix_fallocate(file, 0, len(content))
        except OSError:
            if file >= 0:
                os.close(file)
            self._segments.measure()
            return False
        self._file, self._size, self._position = file, len(content), end
        return True

    # --- writing -------------------------------------------------------------

    @staticmethod
    def size_of(content: bytes) -> int:
        """Return how many bytes an entry takes."""
        return _HEAD + len(content)

    def append(
        self,
        kind: int,
        content: bytes,
        now: float,
        *,
        checkpoint: bool = False,
    ) -> None:
        """Put an entry into the page cache.

        Raises:
            JournalError: there is no space; nothing was written.

        """
        length = len(content)
        start = self._position
        end = start + _HEAD + length
        if end > self._window_end:
            start = self._make_room(length, checkpoint=checkpoint)
            end = start + _HEAD + length
        window = self._window
        assert window is not None
        base = start - self._window_at
        window[base + _HEAD : end - self._window_at] = content
        # Lines of one batch have one time.
        time, seed = self._crc_of_time
        if now != time:
            seed = zlib.crc32(TIME.pack(now))
            self._crc_of_time = now, seed
        checksum = zlib.crc32(content, seed ^ (kind << 24) ^ length)
        # The length last: until it is written there is no entry.
        ENTRY.pack_into(window, base, MARKER, now, checksum, kind, length)
        self._position = end
        self.dirty = True

    def _make_room(self, length: int, *, checkpoint: bool) -> int:
        need = _HEAD + length
        if self._file < 0 or self._position + need > self._size:
            self.rotate(need, checkpoint=checkpoint)
        self._map(self._position, need)
        return self._position

    def _map(self, position: int, need: int) -> None:
        at = position // _PAGE * _PAGE
        size = min(self._size - at, max(_WINDOW, position - at + need))
        try:
            window = mmap.mmap(self._file, size, offset=at)
        except (OSError, ValueError) as error:
            raise JournalError(f"journal cannot be mapped: {error}") from error
        if self._window is not None:
            self._window.close()
        self._window, self._window_at, self._window_end = window, at, at + size

    def rotate(self, need: int = 0, *, checkpoint: bool = False) -> None:
        """Begin a new segment; one with a ``checkpoint`` may exceed the limit.

        The checkpoint lets older segments be deleted, so it must not wait for that.

        Raises:
            JournalError: the disk is full, or the journal's own limit is reached.

        """
        size = max(self._limits.segment_bytes, len(MAGIC) + need)
        segments = self._segments
        if not checkpoint and segments.total_bytes + size > self._limits.max_bytes:
            raise JournalError("the journal has reached its size limit")
        number = segments.newest + 1
        path = segments.path(number)
        file = -1
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.open(path, flags, 0o640)
            os.posix_fallocate(file, 0, size)
            os.write(file, MAGIC)
        except OSError as error:
            if file >= 0:
                os.close(file)
                with contextlib.suppress(OSError):
                    path.unlink()
            raise JournalError(f"journal: {error.strerror}") from error
        self._close_segment()
        self._file, self._size, self._position = file, size, len(MAGIC)
        self._window_end = 0
        segments.add(number, size)

    def _close_segment(self) -> None:
        if self.dirty:
            self.sync()  # it is not opened for writing again
        if self._window is not None:
            self._window.close()
            self._window = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._window_end = 0

    def sync(self) -> None:
        """Sync the open segment to the disk."""
        self.dirty = False
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.fdatasync(self._file)

    # --- what is no longer needed --------------------------------------------

    @property
    def current(self) -> int:
        """The number of the open segment; 0 before the first."""
        return self._segments.newest

    @property
    def segments(self) -> int:
        """The number of segments, including the open one."""
        return len(self._segments.numbers)

    @property
    def half_full(self) -> bool:
        """Whether the journal has half of its maximum size."""
        return self._segments.total_bytes * 2 >= self._limits.max_bytes

    def forget_before(self, number: int) -> None:
        """Delete older segments (:meth:`SegmentFiles.forget_before`)."""
        self.sync()
        self._segments.forget_before(number)

    def close(self) -> None:
        """Sync and close; the segments stay."""
        self.sync()
        self._close_segment()
        os.close(self._lock)


def _lock(folder: Path) -> int:
    # Two collectors on one journal would publish the traces of each other.
    try:
        file = os.open(
            folder / "lock",
            os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o640,
        )
    except OSError as error:
        raise JournalError(f"journal {folder}: {error.strerror}") from error
    # rsyslogd may start the next collector while the last one is still syncing.
    pause = threading.Event()
    for _ in range(round(LOCK_WAIT_S / 0.05)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pause.wait(0.05)
        else:
            return file
    os.close(file)
    raise JournalError(
        f"journal {folder} is in use by another collector; stop that one, or give "
        "this one a folder of its own",
    )
