"""The kinds of database that the store's contract is tested on: one row each."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Callable
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Backend:
    """How a test gets a database of one kind."""

    name: str
    # Returns the location of a database that does not exist yet, below a folder.
    new_location: Callable[[Path], Path | str]
    # Returns the bytes that a database takes up outside, free space included.
    allocated_bytes: Callable[[Path | str], int]


def _sqlite_location(folder: Path) -> Path:
    return folder / "db" / "test.sqlite"


def _sqlite_bytes(location: Path | str) -> int:
    with contextlib.closing(sqlite3.connect(location)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return Path(location).stat().st_size


EMBEDDED = Backend("sqlite", _sqlite_location, _sqlite_bytes)
BACKENDS = (EMBEDDED,)
