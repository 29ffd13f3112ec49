"""Puts a record into the spool: whole or not at all.

Postfix's way: a temporary name in ``tmp``, write, fsync, then one link into ``new``
makes it visible; file and folder are both synced. The wake-up through the FIFO is a
hint after success, never the mechanism.
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
MAX_BYTES = 1024 * 1024 * 1024  # of spool/new; reached: traces wait in the journal
# Files published between two looks at what the folder holds, and at least so many
# as it held: a look costs as much as it finds.
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
        """Make the folders that are missing; clear what a killed run left in tmp.

        Raises:
            SpoolError: a folder cannot be made.

        """
        try:
            for name in FOLDERS:
                (self.folder / name).mkdir(mode=0o2770, parents=True, exist_ok=True)
            drafts = [d for d in self._tmp.iterdir() if d.name.endswith(".json")]
        except OSError as error:
            raise SpoolError(f"spool {self.folder}: {error.strerror}") from error
        for draft in drafts:
            # One that cannot go (read-only, a folder) is in nobody's way.
            with contextlib.suppress(OSError):
                draft.unlink()
        self._prepared = True

    def publish(
        self,
        name: str,
        content: bytes,
        *,
        durable: bool = True,
        to_the_brim: bool = False,
    ) -> bool:
        """Publish one file; False when one of that name is there already.

        Life signs (not durable) leave a quarter of the room to the others, and these
        an eighth to what is filled in to the brim.

        Raises:
            SpoolError: it could not be written, or the spool is full because nobody
                reads it; nothing of it is visible.

        """
        if not self._prepared:
            self.prepare()
        self._make_sure_of_room(len(content), 8 if to_the_brim else 6 + durable)
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

    def _make_sure_of_room(self, size: int, eighths: int) -> None:
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
            raise SpoolError(f"the spool holds {self._held} bytes: is the alerter up?")
        self._held += size

    def _draft_for(self, name: str) -> Path:
        draft = self._tmp / name
        try:
            draft.unlink()
        except FileNotFoundError:
            pass
        except OSError:
            # What a killed run left there cannot be removed: another name will do.
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
        """Hint to the alerter that something is there; its absence is ignored."""
        for _ in range(2):
            try:
                if self._fifo < 0:
                    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
                    self._fifo = os.open(self.folder / FIFO, flags)
                os.write(self._fifo, b"\n")
            except BlockingIOError:
                return  # full: it has been told often enough
            except OSError:
                if self._fifo < 0:
                    return
                os.close(self._fifo)
                self._fifo = -1
            else:
                return


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _size_of(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0  # the alerter has just taken it
