"""A fault in a configuration file, and reading files that may have faults."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES = 1024 * 1024


class Fault(NamedTuple):
    """Where it is, what is wrong, and what to do; sorts by place."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}: {self.message}"


class FaultError(Exception):
    """Carries a fault out of a nested reader; does not leave this package."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read_text(path: Path, *, secret: bool = False) -> str:
    """Read a configuration file; a ``secret`` one must not be readable by all users.

    Raises:
        FaultError: missing, unreadable, too large, empty, not UTF-8, too open.

    """

    def fault(message: str, line: int = 1) -> FaultError:
        return FaultError(Fault(str(path), line, "$", message))

    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise fault("no such file: create it, or correct the path") from error
    except OSError as error:
        remedy = "make it readable for this user"
        raise fault(f"cannot be opened ({error.strerror}): {remedy}") from error
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        os.close(file)
        raise fault("not a regular file")
    with os.fdopen(file, "rb") as stream:
        if secret and (reason := _too_open(status)):
            raise fault(reason)
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise fault(f"larger than {MAX_FILE_BYTES} bytes: shorten it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise fault("not UTF-8: save it in UTF-8", line) from error
    if not text.strip():
        raise fault("the file is empty: see its manual page for an example")
    return text


def _too_open(status: os.stat_result) -> str | None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o007:
        return (
            f"contains secrets, but all users can access it (mode {mode:04o}): "
            "chmod 0640 and chgrp omprog-panic"
        )
    if status.st_uid not in {0, os.geteuid()}:
        return (
            f"contains secrets, but is owned by user {status.st_uid}: "
            "chown it to root or to the user of the alerter"
        )
    return None
