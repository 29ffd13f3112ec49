"""A lock on a file, which ends with the process that has it, however that ends."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from omprog_panic.errors import AlreadyRunningError, StoreError

if TYPE_CHECKING:
    from pathlib import Path


class FileLock:
    """The instance lock of a database on this machine; see ``dialect.InstanceLock``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def acquire(self) -> None:
        """Take the lock; make the file and its folder if they are missing.

        Raises:
            AlreadyRunningError: another process has it.
            StoreError: the file cannot be made or opened.

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
                f"another alerter uses this database ({self._path} is locked)"
            ) from error

    def release(self) -> None:
        """Give the lock up; the file stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def is_held(self) -> bool | None:
        """Return whether any process has the lock; None if this user may not look."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            file = os.open(self._path, flags)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False
