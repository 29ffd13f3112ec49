"""Reads records from the spool, oldest first, and deletes them once they are stored.

A file that cannot be read is never deleted: it is moved to ``corrupt``, and the
reason is logged.
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
from omprog_panic.spool.codec import decode
from omprog_panic.spool.writer import FIFO, FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from omprog_panic.spool.record import SpoolRecord

log = logging.getLogger(__name__)

MAX_FILE_BYTES = 16 * 1024 * 1024  # larger files go to ``corrupt``
MAX_WAKEUPS_READ = 65536  # bytes; several wake-ups are one


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
        # Names from the last listing that were not processed yet, oldest first. A
        # listing costs time for every waiting file: in a storm one serves many batches.
        self._listed: dict[str, None] = {}

    def prepare(self) -> None:
        """Create the missing folders.

        Raises:
            SpoolError: a folder cannot be created or read.

        """
        try:
            for name in FOLDERS:
                (self.folder / name).mkdir(mode=0o2770, parents=True, exist_ok=True)
            os.scandir(self._new).close()
        except OSError as error:
            raise SpoolError(f"spool {self.folder}: {error.strerror}") from error

    def batch(self, limit: int) -> list[SpoolEntry]:
        """Read up to ``limit`` records, oldest first; move unreadable files aside.

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
        """Delete the files whose content was committed to the database.

        A file that cannot be deleted is only logged: storing it again has no effect.
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
        """Move a file to ``corrupt`` under a free name and log the reason."""
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
            "spool file moved to corrupt",
            extra={"file": name, "to": f"corrupt/{target.name}", "reason": reason},
        )

    def waiting(self) -> int:
        """Return the number of waiting files.

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
            # ELOOP: a symbolic link; EACCES: not our file. Another try would not help.
            self.set_aside(name, error.strerror or type(error).__name__)
        return None


def _read_regular(path: Path) -> bytes:
    # O_NONBLOCK: opening a FIFO with a record's name must not block.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(path, flags)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise MalformedRecordError("not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise MalformedRecordError(f"too large: {status.st_size} bytes")
        with os.fdopen(os.dup(file), "rb") as stream:
            return stream.read(MAX_FILE_BYTES)
    finally:
        os.close(file)


class Wakeup:
    """The FIFO through which the collector wakes the alerter; its bytes mean nothing.

    It is open for reading and writing, so that there is no end of file when the last
    writer closes it. Without a FIFO (no permission) ``wait`` is a plain timeout.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FIFO
        self._file = -1

    def open(self) -> None:
        """Create and open the FIFO; if that fails, log a warning and go on."""
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
            log.warning("no wake-up FIFO, polling instead", extra={"reason": error})

    def wake(self) -> None:
        """Interrupt ``wait`` from another thread or a signal handler."""
        if self._file >= 0:
            with contextlib.suppress(BlockingIOError):
                os.write(self._file, b"\n")

    def wait(self, timeout_s: float) -> None:
        """Block until woken, for at most ``timeout_s`` seconds."""
        files = [self._file] if self._file >= 0 else []
        ready, _, _ = select.select(files, [], [], timeout_s)
        if ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._file, MAX_WAKEUPS_READ)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
