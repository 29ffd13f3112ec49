"""Opens the database: as two kinds of transaction, reading and writing."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import exc
from sqlalchemy.engine import Connection

from omprog_panic.errors import StoreError
from omprog_panic.store.dialect import READ_ONLY_OPTION
from omprog_panic.store.migrate import check_version, migrate, schema_version
from omprog_panic.store.sqlite import SQLiteDialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from omprog_panic.store.dialect import Dialect, InstanceLock

Location: TypeAlias = "Path | str"  # the path of a file, or SCHEME://...
# What ``Database.read`` and ``write`` open, for those who pass it on to the store.
Transaction: TypeAlias = Connection

BUSY_TIMEOUT_S = 10.0  # for another process that writes; longer: StoreError, try again
EMBEDDED = "sqlite"  # what a location without a scheme is

# By the scheme of a location; each takes the location and the busy timeout.
DIALECTS: Mapping[str, Callable[[str, float], Dialect]] = {
    EMBEDDED: SQLiteDialect,
}


def open_database(
    location: Location, *, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> Database:
    """Return the database at a location.

    Connects and creates nothing yet.

    Raises:
        StoreError: no dialect has this scheme.

    """
    scheme, separator, _ = str(location).partition("://")
    name = scheme if separator else EMBEDDED
    if name not in DIALECTS:
        known = ", ".join(sorted(DIALECTS))
        raise StoreError(f"{name}: not a known kind of database (known: {known})")
    return Database(DIALECTS[name](str(location), busy_timeout_s))


@contextlib.contextmanager
def existing_database(location: Location) -> Iterator[Database]:
    """Open a database that the alerter has created; close it at the end.

    Raises:
        StoreError: as ``Database.check``.

    """
    database = open_database(location)
    try:
        database.check()
        yield database
    finally:
        database.close()


class Database:
    """One database; usable from several threads."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._engine: Engine = dialect.make_engine()
        self._writing = (
            threading.Lock() if dialect.one_writer else contextlib.nullcontext()
        )
        self.lock: InstanceLock = dialect.instance_lock()

    @property
    def folder(self) -> Path | None:
        """The folder that the alerter must be able to write to; None: none here."""
        return self._dialect.folder

    def has_alerter(self) -> bool:
        """Return whether an alerter uses this database now."""
        return self.lock.is_held()

    def create(self) -> None:
        """Create the database if it is missing, and bring its schema up to date.

        Raises:
            StoreError: it cannot be created or used, or a newer program made it.

        """
        self._dialect.create()
        with self.write() as connection:
            migrate(connection)

    def check(self) -> None:
        """Check that the database exists and has a schema that this program can read.

        Raises:
            StoreError: it does not; StoreForbiddenError: this user may not see it.

        """
        self._dialect.check()
        with self.read() as connection:
            version = schema_version(connection)
        check_version(version)
        if not version:
            raise StoreError(
                f"{self._dialect.location}: empty: has the alerter run yet?"
            )

    @contextlib.contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that is committed at the end, or rolled back.

        Raises:
            StoreError: locked, full or broken; nothing was changed.

        """
        with self._writing, self._translated(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that sees one state and changes nothing.

        Raises:
            StoreError: the database cannot be read.

        """
        with self._translated(), self._engine.connect() as connection:
            yield connection.execution_options(**{READ_ONLY_OPTION: True})

    def copy_to(self, path: Path) -> None:
        """Write one state of the database into a new file, readable for us alone.

        Raises:
            StoreError: it cannot be read, or the file not be written.

        """
        with self._translated():
            self._dialect.copy_to(self._engine, path)

    def release_space(self) -> None:
        """Return space that became free to the file system, a part at a time.

        Raises:
            StoreError: locked or broken; nothing was changed.

        """
        with self._writing, self._translated():
            self._dialect.release_space(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except exc.DatabaseError as error:
            if isinstance(error, exc.IntegrityError | exc.DataError):
                raise  # a bug of ours, or a record that cannot be stored
            reason = self._dialect.explain(error)
            raise StoreError(f"{self._dialect.location}: {reason}") from error
