"""Takes records out of the spool, oldest first; deletes only what was stored.

Nothing is deleted because it is bad: it goes to ``corrupt``, the reason to the log.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import select
import stat
from typing import TYPE_CHECKING

from omprog_panic.errors import MalformedRecordError, SpoolError
from omprog_panic.spool.record import MAX_FILE_BYTES, SpoolRecord, decode
from omprog_panic.spool.writer import FIFO, FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

MAX_WAKEUPS_READ = 65536  # bytes; one is as good as many


@dataclasses.dataclass(frozen=True, slots=True)
class SpoolEntry:
    """One readable file of ``spool/new``."""

    name: str
    content: bytes
    record: SpoolRecord


class SpoolReader:
    """The alerter's side of the spool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._new = folder / "new"
        self._immovable: set[str] = set()
        # What the last look found and nobody has dealt with yet, oldest first. A
        # look costs time for every file that waits: in a storm one must do for many.
        self._listed: dict[str, None] = {}

    def prepare(self) -> None:
        """Make the folders that are missing.

        Raises:
            SpoolError: a folder cannot be made or read.

        """
        try:
            for name in FOLDERS:
                (self.folder / name).mkdir(mode=0o2770, parents=True, exist_ok=True)
            os.scandir(self._new).close()
        except OSError as error:
            raise SpoolError(f"spool {self.folder}: {error.strerror}") from error

    def batch(self, limit: int) -> list[SpoolEntry]:
        """Read up to ``limit`` records, oldest first; set bad ones aside.

        Raises:
            SpoolError: the folder cannot be read.

        """
        if len(self._listed) < limit:
            self._listed = dict.fromkeys(self._oldest())
        entries: list[SpoolEntry] = []
        for name in list(self._listed):
            if len(entries) >= limit:
                break
            entry = self._read(name)
            if entry is None:
                self._listed.pop(name, None)
            else:
                entries.append(entry)
        return entries

    def remove(self, entries: Iterable[SpoolEntry]) -> None:
        """Delete files whose content the database has committed.

        One that cannot be deleted is only logged: storing it again changes nothing.
        """
        for entry in entries:
            self._listed.pop(entry.name, None)
            try:
                (self._new / entry.name).unlink(missing_ok=True)
            except OSError as error:
                log.exception(
                    "spool file cannot be deleted",
                    extra={"file": entry.name, "reason": error.strerror},
                )
                self._immovable.add(entry.name)

    def set_aside(self, name: str, reason: str) -> None:
        """Move a file to ``corrupt`` under a free name, and say why."""
        self._listed.pop(name, None)
        target = self.folder / "corrupt" / name
        for number in range(1, 1000):
            if not os.path.lexists(target):
                break
            target = target.with_name(f"{name}.{number}")
        try:
            (self._new / name).rename(target)
        except FileNotFoundError:
            return
        except OSError as error:
            self._immovable.add(name)
            reason = f"{reason}; cannot be moved: {error.strerror}"
        log.error(
            "spool file set aside",
            extra={"file": name, "to": f"corrupt/{target.name}", "reason": reason},
        )

    def waiting(self) -> int:
        """Count the files that wait, for ``status``.

        Raises:
            SpoolError: the folder cannot be read.

        """
        return len(self._oldest())

    def _oldest(self) -> list[str]:
        found = []
        try:
            with os.scandir(self._new) as entries:
                for entry in entries:
                    if entry.name.endswith(".json") and not entry.name.startswith("."):
                        with contextlib.suppress(FileNotFoundError):
                            status = entry.stat(follow_symlinks=False)
                            found.append((status.st_mtime_ns, entry.name))
        except OSError as error:
            raise SpoolError(f"spool {self._new}: {error.strerror}") from error
        return [name for _, name in sorted(found) if name not in self._immovable]

    def _read(self, name: str) -> SpoolEntry | None:
        try:
            content = _read_regular(self._new / name)
            return SpoolEntry(name, content, decode(content))
        except FileNotFoundError:
            return None
        except MalformedRecordError as error:
            self.set_aside(name, str(error))
        except OSError as error:
            # ELOOP is a symbolic link; EACCES a file not meant for us: neither mends.
            self.set_aside(name, error.strerror or type(error).__name__)
        return None


def _read_regular(path: Path) -> bytes:
    # O_NONBLOCK: a FIFO planted under a record's name must not hold us up.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(path, flags)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise MalformedRecordError("not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise MalformedRecordError(f"{status.st_size} bytes are too many")
        with os.fdopen(os.dup(file), "rb") as stream:
            return stream.read(MAX_FILE_BYTES)
    finally:
        os.close(file)


class Wakeup:
    """The FIFO by which the collector says "look now"; it carries no meaning.

    Held open for reading and writing, so that the end of the last writer is no end
    of file. Without a FIFO (no permission) ``wait`` is the fallback: polling.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FIFO
        self._file = -1

    def open(self) -> None:
        """Make and open the FIFO; log and go on when that cannot be."""
        try:
            with contextlib.suppress(FileExistsError):
                os.mkfifo(self._path)
                # The collector may run as another user of the spool's group.
                self._path.chmod(0o660)
            flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(self._path, flags)
            if not stat.S_ISFIFO(os.fstat(self._file).st_mode):
                self.close()
                raise OSError(0, "not a FIFO")
        except OSError as error:
            log.warning("no wake-up FIFO: polling only", extra={"reason": error})

    def wake(self) -> None:
        """End a ``wait`` from another thread or a signal handler."""
        if self._file >= 0:
            with contextlib.suppress(BlockingIOError):
                os.write(self._file, b"\n")

    def wait(self, timeout_s: float) -> None:
        """Return when woken, at the latest after ``timeout_s`` seconds."""
        files = [self._file] if self._file >= 0 else []
        ready, _, _ = select.select(files, [], [], timeout_s)
        if ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._file, MAX_WAKEUPS_READ)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
