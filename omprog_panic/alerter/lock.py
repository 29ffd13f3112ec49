"""One alerter a database: a lock that ends with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from omprog_panic.errors import AlreadyRunningError, StoreError

if TYPE_CHECKING:
    from pathlib import Path


def lock_file(database: Path) -> Path:
    """Where the lock of a database lies."""
    return database.with_name(f"{database.name}.lock")


class InstanceLock:
    """Held from start to stop."""

    def __init__(self, database: Path) -> None:
        self._path = lock_file(database)
        self._file = -1

    def take(self) -> None:
        """Take the lock.

        Raises:
            AlreadyRunningError: another process holds it.
            StoreError: the database's folder cannot be made or written.

        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._file = os.open(self._path, flags, 0o640)
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise AlreadyRunningError(
                f"another alerter works on this database ({self._path} is locked)"
            ) from error

    def release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_running(database: Path) -> bool:
    """Return whether an alerter works on this database."""
    try:
        file = os.open(lock_file(database), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
