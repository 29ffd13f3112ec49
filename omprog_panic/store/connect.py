"""The database as two kinds of transaction: reading and writing.

SQLite in WAL mode with synchronous=FULL: a commit that returned survives a power
cut, which is what allows the spool file to be deleted.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import urllib.parse
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import QueuePool

from omprog_panic.errors import StoreError, StoreForbiddenError
from omprog_panic.store.migrate import check_version, migrate, schema_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

BUSY_TIMEOUT_S = 10.0  # for another process that writes; longer: StoreError, try again
# auto_vacuum counts for a new file only; an older one keeps its size, reuses its pages.
_PRAGMAS = (
    "auto_vacuum=INCREMENTAL",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)
_SHRINK = "PRAGMA incremental_vacuum(4000)"


class Database:
    """One database file; usable from several threads."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self._engine = _sqlite_engine(path, busy_timeout_s)
        # SQLite lets one write at a time and makes the others sleep and ask again;
        # the threads of this process queue here instead, without sleeping.
        self._writing = threading.Lock()

    def create(self) -> None:
        """Make the file when it is missing, and bring its schema up to date.

        Raises:
            StoreError: it cannot be made or used, or is of a newer program.

        """
        try:
            self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            # SQLite itself would make it readable for all; its helpers follow suit.
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(self.path, flags, 0o640))
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}") from error
        with self.write() as connection:
            migrate(connection)

    def check(self) -> None:
        """See that the file is there and of our schema, for readers.

        Raises:
            StoreError: it is not; StoreForbiddenError: this user may not see it.

        """
        try:
            self.path.stat()
        except PermissionError as error:
            raise StoreForbiddenError(
                f"{self.path}: {error.strerror}: use sudo"
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self.path}: no database: has the alerter run yet?"
            ) from error
        with self.read() as connection:
            version = schema_version(connection)
        check_version(version)
        if not version:
            raise StoreError(f"{self.path}: empty: has the alerter run yet?")

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end, or undone.

        Raises:
            StoreError: locked, full or broken; nothing was changed.

        """
        with self._writing, self._translated(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state and changes nothing.

        Raises:
            StoreError: the file cannot be read.

        """
        with self._translated(), self._engine.connect() as connection:
            yield connection.execution_options(omprog_panic_reads=True)

    def shrink(self) -> None:
        """Give pages that are free back to the file system, some at a time.

        Raises:
            StoreError: locked or broken; nothing was changed.

        """
        with self._writing, self._translated():
            raw = self._engine.raw_connection()
            try:
                # execute() would take one step, which is one page.
                raw.cursor().executescript(_SHRINK)
            except sqlite3.OperationalError as error:
                raise StoreError(f"{self.path}: {error}") from error
            finally:
                raw.close()

    def close(self) -> None:
        self._engine.dispose()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except exc.OperationalError as error:
            raise StoreError(f"{self.path}: {error.orig}") from error
        except exc.DatabaseError as error:
            if isinstance(error, exc.IntegrityError | exc.DataError):
                raise  # our own bug, or a record that cannot be stored
            raise StoreError(f"{self.path}: {error.orig}") from error


def _sqlite_engine(path: Path, busy_timeout_s: float) -> Engine:
    # mode=rw: a file that is missing stays so. Made by root's `doctor`, it would be
    # root's, and shut the alerter out.
    uri = f"file:{urllib.parse.quote(str(path.absolute()))}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            uri, timeout=busy_timeout_s, check_same_thread=False, uri=True
        )

    engine = sa.create_engine(
        "sqlite://",
        future=True,
        creator=connect,
        poolclass=QueuePool,
        max_overflow=-1,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that writes later fails at once when another wrote
        # in between, whatever the timeout: take the write lock first.
        reads = connection.get_execution_options().get("omprog_panic_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
