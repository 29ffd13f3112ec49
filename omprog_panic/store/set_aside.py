"""A damaged database is set aside: kept beside its place, with the time in its name.

``NAME.damaged-TIME.json`` is written first. It says how far things are, so that a
process that is killed between two steps is continued by the next one: the files are
being moved; they have been moved; the services have been notified.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from omprog_panic.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 1
MARK = ".damaged-"
NOTE = ".json"
BESIDE = ("-wal", "-shm")  # files of SQLite; the database itself is moved last
MAX_KEPT = 5  # the first one, which has the archive, and the last ones


class Step(enum.Enum):
    """How far things are; the values are stored."""

    MOVING = "moving"
    MOVED = "moved"
    NOTIFIED = "notified"


@dataclasses.dataclass(frozen=True, slots=True)
class SetAside:
    """A database that was set aside. ``at``: wall time in seconds."""

    path: Path
    at: float
    reason: str
    step: Step

    def encode(self) -> str:
        """Return the content of its note, one JSON object."""
        return json.dumps(
            {
                "version": VERSION,
                "at": self.at,
                "reason": self.reason,
                "step": self.step.value,
            }
        )


def decode(path: Path, text: str) -> SetAside | None:
    """Parse the note about ``path``; None: it is not one that we can read."""
    try:
        raw = json.loads(text)
        if raw["version"] != VERSION:
            return None
        return SetAside(path, float(raw["at"]), str(raw["reason"]), Step(raw["step"]))
    except (ValueError, TypeError, KeyError):
        return None


class SetAsideFiles:
    """The files that were set aside of one database; only the alerter changes them."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def __iter__(self) -> Iterator[SetAside]:
        """Yield those that are still there, the oldest first."""
        return (found for found in self._noted() if found.path.exists())

    def add(self, reason: str, now: float) -> SetAside:
        """Move the database away.

        Raises:
            StoreError: it cannot be moved, for example because the disk is full.

        """
        path = self._free_name(now)
        with _translated(path):
            added = SetAside(path, now, reason, Step.MOVING)
            self._write(added)
            self._move(added)
            self._limit()
        return added

    def finish(self) -> None:
        """Complete what a killed process has begun; forget what was deleted.

        Raises:
            StoreError: a file cannot be moved.

        """
        with _translated(self._database):
            for found in self._noted():
                if found.step is Step.MOVING:
                    self._move(found)
                elif not found.path.exists():
                    self._forget(found)

    def mark_notified(self, found: SetAside) -> None:
        """Record that the services have been notified of it.

        Raises:
            StoreError: that cannot be written.

        """
        with _translated(found.path):
            self._write(dataclasses.replace(found, step=Step.NOTIFIED))

    def settle(self) -> tuple[Path, ...]:
        """Forget all of them, since a backup was restored; the files stay.

        Raises:
            StoreError: their notes cannot be deleted.

        """
        found = tuple(self._noted())
        with _translated(self._database):
            for each in found:
                _note(each.path).unlink(missing_ok=True)
        return tuple(each.path for each in found if each.path.exists())

    def _noted(self) -> Iterator[SetAside]:
        pattern = f"{self._database.name}{MARK}*{NOTE}"
        for note in sorted(self._database.parent.glob(pattern)):
            path = note.with_name(note.name.removesuffix(NOTE))
            with contextlib.suppress(OSError, UnicodeDecodeError):
                found = decode(path, note.read_text("utf-8"))
                if found is not None:
                    yield found

    def _free_name(self, now: float) -> Path:
        for second in range(60):
            stamp = datetime.fromtimestamp(now + second, UTC).strftime("%Y%m%dT%H%M%SZ")
            path = self._database.with_name(f"{self._database.name}{MARK}{stamp}")
            if not path.exists() and not _note(path).exists():
                return path
        raise StoreError(f"{self._database}{MARK}*: too many files")

    def _move(self, found: SetAside) -> None:
        # The database goes last: while it is here, no new one has been begun, and
        # the files beside it are its own.
        if not found.path.exists():
            for suffix in (*BESIDE, ""):
                old = self._database.with_name(self._database.name + suffix)
                if old.exists():
                    old.rename(found.path.with_name(found.path.name + suffix))
            _sync_folder(self._database.parent)
        self._write(dataclasses.replace(found, step=Step.MOVED))

    def _limit(self) -> None:
        kept = list(self)
        for found in kept[1 : max(len(kept) - MAX_KEPT + 1, 1)]:
            self._forget(found)

    def _forget(self, found: SetAside) -> None:
        for suffix in ("", *BESIDE, NOTE):
            found.path.with_name(found.path.name + suffix).unlink(missing_ok=True)

    def _write(self, found: SetAside) -> None:
        note = _note(found.path)
        partial = note.with_name(f"{note.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(partial, flags, 0o640), "w", encoding="utf-8") as file:
            file.write(found.encode())
            file.flush()
            os.fsync(file.fileno())
        partial.rename(note)
        _sync_folder(note.parent)


def _note(path: Path) -> Path:
    return path.with_name(path.name + NOTE)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
