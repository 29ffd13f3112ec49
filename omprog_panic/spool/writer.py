"""Writes records into the spool, each of them completely or not at all.

As in Postfix: the file is written and synced under a temporary name in ``tmp``, and
one link into ``new`` makes it visible; then the folder is synced. The wake-up through
the FIFO is only a hint: readers also look by themselves.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from omprog_panic.errors import SpoolError

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("tmp", "new", "corrupt")
FIFO = "wakeup"
MAX_BYTES = 1024 * 1024 * 1024  # of spool/new; above it traces wait in the journal
# The folder is measured again after so many files, and after at least as many as it
# held: measuring costs time for every file in it.
_MEASURED_EVERY = 64


class SpoolWriter:
    """The collector's side of the spool."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._held = 0
        self._until_measured = 0
        self._new = folder / "new"
        self._tmp = folder / "tmp"
        self._fifo = -1
        self._prepared = False

    def prepare(self) -> None:
        """Create the missing folders; remove what a killed process left in ``tmp``.

        Raises:
            SpoolError: a folder cannot be created.

        """
        try:
            for name in FOLDERS:
                (self.folder / name).mkdir(mode=0o2770, parents=True, exist_ok=True)
            drafts = [d for d in self._tmp.iterdir() if d.name.endswith(".json")]
        except OSError as error:
            raise SpoolError(f"spool {self.folder}: {error.strerror}") from error
        for draft in drafts:
            # What cannot be removed (read-only, a folder) does no harm.
            with contextlib.suppress(OSError):
                draft.unlink()
        self._prepared = True

    def publish(
        self,
        name: str,
        content: bytes,
        *,
        durable: bool = True,
        use_reserve: bool = False,
    ) -> bool:
        """Publish one file; return False if there is one of that name already.

        Files that are not durable (signs of life, counters) may fill three quarters of
        ``max_bytes``, durable ones seven eighths, and with ``use_reserve`` all of it.

        Raises:
            SpoolError: it cannot be written, or the spool is full because nobody
                reads it; no part of the file is visible.

        """
        if not self._prepared:
            self.prepare()
        self._check_room(len(content), 8 if use_reserve else 6 + durable)
        draft, final = self._draft_for(name), self._new / name
        try:
            self._write(draft, content, durable=durable)
            try:
                os.link(draft, final, follow_symlinks=False)
            except FileExistsError:
                return False
            finally:
                draft.unlink()
            if durable:
                sync_folder(self._new)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise SpoolError(f"spool: {error.strerror}") from error
        return True

    def _check_room(self, size: int, eighths: int) -> None:
        room = self._max_bytes * eighths // 8
        self._until_measured -= 1
        if self._until_measured < 0 or self._held + size > room:
            try:
                with os.scandir(self._new) as entries:
                    sizes = [_size_of(entry) for entry in entries]
            except OSError as error:
                raise SpoolError(f"spool: {error.strerror}") from error
            self._held = sum(sizes)
            self._until_measured = max(_MEASURED_EVERY, len(sizes))
        if self._held + size > room:
            raise SpoolError(
                f"the spool is full ({self._held} bytes): is the alerter running?"
            )
        self._held += size

    def _draft_for(self, name: str) -> Path:
        draft = self._tmp / name
        try:
            draft.unlink()
        except FileNotFoundError:
            pass
        except OSError:
            # A file of a killed process that cannot be removed: use another name.
            return self._tmp / f"{os.getpid()}-{name}"
        return draft

    def _write(self, path: Path, content: bytes, *, durable: bool) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(path, flags, 0o640)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(file, view) :]
            if durable:
                os.fsync(file)
        finally:
            os.close(file)

    def wake_reader(self) -> None:
        """Wake the alerter; do nothing if it is not running."""
        for _ in range(2):
            try:
                if self._fifo < 0:
                    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
                    self._fifo = os.open(self.folder / FIFO, flags)
                os.write(self._fifo, b"\n")
            except BlockingIOError:
                return  # full: the reader is awake already or will look
            except OSError:
                if self._fifo < 0:
                    return
                os.close(self._fifo)
                self._fifo = -1
            else:
                return


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that the names in it survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _size_of(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0  # the alerter has just deleted it
