"""The embedded database: one SQLite file, for one monitor.

WAL mode with synchronous=FULL: a commit that returned survives a power cut, which is
what allows the spool file to be deleted.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import QueuePool

from omprog_panic.errors import StoreError, StoreForbiddenError
from omprog_panic.store.dialect import READ_ONLY_OPTION, Dialect
from omprog_panic.store.file_lock import FileLock
from omprog_panic.store.set_aside import SetAsideFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import exc
    from sqlalchemy.engine import Connection, Engine

# auto_vacuum counts for a new file only; an older one keeps its size and reuses its
# pages.
_PRAGMAS = (
    "auto_vacuum=INCREMENTAL",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)
_SHRINK = "PRAGMA incremental_vacuum(4000)"
_PRIMARY_CODE = 0xFF  # of an extended result code
_ACCESS = "check owner, mode and mount options of the file and of its folder"
_DAMAGED = (
    "`systemctl restart omprog-panic-alerter` sets it aside and begins a new one; "
    "`omprog-panic restore FILE` restores a backup"
)
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again",
    sqlite3.SQLITE_CANTOPEN: _ACCESS,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_FULL: "make room on its file system",
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_PERM: _ACCESS,
    sqlite3.SQLITE_READONLY: f"use sudo, or {_ACCESS}",
}


class SQLiteDialect(Dialect):
    """A database in a file; its lock, WAL and shared memory lie beside it."""

    one_writer = True
    column_types: ClassVar = {
        "float": "FLOAT",
        "blob": "BLOB",
        "serial": "INTEGER NOT NULL",
    }

    def __init__(self, location: str, busy_timeout_s: float) -> None:
        super().__init__(location, busy_timeout_s)
        self._path = Path(location)
        self.folder = self._path.parent
        self.set_aside = SetAsideFiles(self._path)

    def _connect(self) -> sqlite3.Connection:
        path = urllib.parse.quote(str(self._path.absolute()))
        connection = sqlite3.connect(
            f"file:{path}?{self._access()}",
            timeout=self.busy_timeout_s,
            check_same_thread=False,
            uri=True,
        )
        connection.isolation_level = None  # _begin starts the transactions
        return connection

    def _access(self) -> str:
        """Return how this user opens the file; never so that it is created.

        If root's `doctor` created it, the alerter could not open it. Root and the
        alerter always write: a reader that may create files leaves -wal and -shm
        behind (mode=ro, measured with 3.40). A member of the group cannot create them,
        so that SQLite refuses a database that nobody has open, until it is told that
        nobody changes it.
        """
        if self._is_writable():
            return "mode=rw"
        wal = self._path.with_name(f"{self._path.name}-wal")
        try:
            is_open = wal.stat().st_size > 0
        except OSError:
            is_open = False
        return "mode=ro" if is_open else "mode=ro&immutable=1"

    def _is_writable(self) -> bool:
        beside = os.access(self._path.parent, os.W_OK)
        return beside and (os.access(self._path, os.W_OK) or not self._path.exists())

    def make_engine(self) -> Engine:
        engine = sa.create_engine(
            "sqlite://",
            future=True,
            creator=self._connect,
            poolclass=QueuePool,
            max_overflow=-1,
            execution_options=self.connection_options(),
        )
        event.listen(engine, "connect", self._configure)
        event.listen(engine, "begin", _begin)
        return engine

    def _configure(self, connection: sqlite3.Connection, _record: object) -> None:
        if self._is_writable():
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")

    def create(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            # SQLite itself would create it readable for everybody. The files beside it
            # get the same mode.
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(self._path, flags, 0o640))
        except OSError as error:
            raise StoreError(f"{self.location}: {error.strerror}") from error

    def check(self) -> None:
        try:
            self._path.stat()
            if not os.access(self._path, os.R_OK):
                code = errno.EACCES
                raise PermissionError(code, os.strerror(code))
        except PermissionError as error:
            raise StoreForbiddenError(
                f"{self.location}: {error.strerror}: use sudo, or add this user to "
                "the group omprog-panic"
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self.location}: no database: has the alerter run yet?"
            ) from error

    def explain(self, error: exc.DBAPIError) -> str:
        return _explain(error.orig)

    def is_damage(self, error: exc.DBAPIError) -> bool:
        return _code(error.orig) in _DAMAGE

    def find_damage(self, within_s: float, *, thorough: bool) -> str | None:
        pragma = "integrity_check" if thorough else "quick_check"
        try:
            with contextlib.closing(self._connect()) as connection:
                timer = threading.Timer(within_s, connection.interrupt)
                timer.start()
                try:
                    [(found,)] = connection.execute(f"PRAGMA {pragma}(1)").fetchall()
                finally:
                    timer.cancel()
                    timer.join()
        except sqlite3.DatabaseError as error:
            return str(error) if _code(error) in _DAMAGE else None
        return None if found == "ok" else str(found)

    def insert_new(
        self, connection: Connection, table: sa.Table, row: Mapping[str, object]
    ) -> bool:
        insert = sqlite.insert(table).on_conflict_do_nothing()
        return connection.execute(insert.values(row)).rowcount == 1

    def upsert(self, table: sa.Table) -> sa.Insert:
        insert = sqlite.insert(table)
        key = [column.name for column in table.primary_key]
        values = {c.name: c for c in insert.excluded if c.name not in key}
        return insert.on_conflict_do_update(index_elements=key, set_=values)

    def used_bytes(self, connection: Connection) -> int:
        pages, free, size = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0)
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def copy_to(self, engine: Engine, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM INTO ?", (str(path),))
        except sqlite3.Error as error:
            raise StoreError(f"{self.location}: {_explain(error)}") from error
        finally:
            raw.close()

    def release_space(self, engine: Engine) -> None:
        raw = engine.raw_connection()
        try:
            # execute() would take one step, which is one page.
            raw.cursor().executescript(_SHRINK)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.location}: {_explain(error)}") from error
        finally:
            raw.close()

    def instance_lock(self) -> FileLock:
        return FileLock(self._path.with_name(f"{self._path.name}.lock"))


def _begin(connection: Connection) -> None:
    # A deferred transaction that writes later fails at once when another process wrote
    # in between, whatever the timeout: take the write lock first.
    read_only = connection.get_execution_options().get(READ_ONLY_OPTION)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _explain(error: BaseException | None) -> str:
    remedy = _REMEDIES.get(_code(error))
    return f"{error}: {remedy}" if remedy else str(error)


def _code(error: BaseException | None) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY_CODE
