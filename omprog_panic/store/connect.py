"""Opens the database: as two kinds of transaction, reading and writing."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import exc
from sqlalchemy.engine import Connection

from omprog_panic.errors import StoreDamagedError, StoreError
from omprog_panic.store.dialect import READ_ONLY_OPTION
from omprog_panic.store.migrate import check_version, migrate, schema_version
from omprog_panic.store.sqlite import SQLiteDialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from omprog_panic.store.dialect import Dialect, InstanceLock
    from omprog_panic.store.set_aside import SetAsideFiles

Location: TypeAlias = "Path | str"  # the path of a file, or SCHEME://...
# What ``Database.read`` and ``write`` open, for those who pass it on to the store.
Transaction: TypeAlias = Connection

BUSY_TIMEOUT_S = 10.0  # for another process that writes; longer: StoreError, try again
QUICK_CHECK_S = 5.0  # how long a check may delay the start
FULL_CHECK_S = 30.0  # and the check of a database that is said to be damaged
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
        # The last error of any thread that says so; None: there was none.
        self.damage: str | None = None
        self._was_suspected = False  # a check found nothing then
        self._is_retired = False

    @property
    def folder(self) -> Path | None:
        """The folder that the alerter must be able to write to; None: none here."""
        return self._dialect.folder

    def has_alerter(self) -> bool | None:
        """Return whether an alerter uses this database now.

        None if this user may not look.
        """
        return self.lock.is_held()

    def create(self) -> None:
        """Create the database if it is missing, and bring its schema up to date.

        Raises:
            StoreError: it cannot be created or used, or a newer program made it.

        """
        if self._dialect.set_aside is not None:
            self._dialect.set_aside.finish()
        self._dialect.create()
        with self.write() as connection:
            migrate(connection)

    def check_soundness(self) -> None:
        """Check the whole database, as far as that takes a few seconds.

        Raises:
            StoreDamagedError: it is damaged.

        """
        damage = self._dialect.find_damage(QUICK_CHECK_S, thorough=False)
        if damage is not None:
            self.damage = damage
            raise StoreDamagedError(f"{self._dialect.location}: {damage}")

    def replace_if_damaged(self, now: float) -> Database | None:
        """Set a damaged database aside; return another object for the new one.

        This object then refuses all transactions: what a thread still wants to store
        belongs to the old database. None: a check of the whole database finds no
        damage, and none of this kind was found before; it stays in use.

        Raises:
            StoreError: it cannot be set aside now, or this engine does not do that.

        """
        files, reported = self._dialect.set_aside, self.damage
        if files is None or reported is None:
            raise StoreError(f"{self._dialect.location}: {reported}")
        with self._writing:
            self.close()
            found = self._dialect.find_damage(FULL_CHECK_S, thorough=True)
            if found is None and not self._was_suspected:
                self.damage, self._was_suspected = None, True
                return None
            files.add(found or reported, now)
            self._is_retired = True
        new = Database(self._dialect)
        new.lock = self.lock
        return new

    @property
    def set_aside(self) -> SetAsideFiles | None:
        """What was set aside; None: this engine does not do that."""
        return self._dialect.set_aside

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
        if self._is_retired:
            raise StoreError(f"{self._dialect.location}: was set aside: damaged")
        try:
            yield
        except exc.DatabaseError as error:
            if isinstance(error, exc.IntegrityError | exc.DataError):
                raise  # a bug of ours, or a record that cannot be stored
            message = f"{self._dialect.location}: {self._dialect.explain(error)}"
            if self._dialect.is_damage(error):
                self.damage = str(error.orig)
                raise StoreDamagedError(message) from error
            raise StoreError(message) from error
