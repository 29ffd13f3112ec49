"""What the store asks of a database engine.

A further engine is one file with a subclass of ``Dialect``, and one line in
``connect.DIALECTS``. Everything else under ``store/`` is SQLAlchemy Core that every
engine understands.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Protocol

    import sqlalchemy as sa
    from sqlalchemy import exc
    from sqlalchemy.engine import Connection, Engine

    from omprog_panic.store.set_aside import SetAsideFiles

    class InstanceLock(Protocol):
        """Keeps a second alerter away; ends with the process, however that ends."""

        def acquire(self) -> None:
            """Take the lock.

            Raises:
                AlreadyRunningError: another process has it.
                StoreError: it cannot be made.

            """
            ...

        def release(self) -> None:
            """Give the lock up; does nothing when it is not ours."""
            ...

        def is_held(self) -> bool | None:
            """Return whether any process has it; None if this user may not look."""
            ...


# Options of a connection, for the functions that are given only that.
DIALECT_OPTION = "omprog_panic_dialect"
READ_ONLY_OPTION = "omprog_panic_read_only"


class Dialect(abc.ABC):
    """One database, and how its engine wants to be used.

    ``location`` names the database in messages: it must not contain a secret.
    """

    # Whether writers of one process must queue for a lock of ours: for an engine that
    # has one writer at a time and makes the others poll.
    one_writer: ClassVar[bool]
    # What migrations.py writes as {float}, {blob} and {serial}.
    column_types: ClassVar[Mapping[str, str]]
    # The folder that the alerter must be able to write to; None: not on this machine.
    folder: Path | None = None
    # What was set aside because it was damaged; None: this engine does not do that.
    set_aside: SetAsideFiles | None = None

    def __init__(self, location: str, busy_timeout_s: float) -> None:
        self.location = location
        self.busy_timeout_s = busy_timeout_s  # how long a writer waits for another

    @abc.abstractmethod
    def make_engine(self) -> Engine:
        """Return an engine whose connections carry ``DIALECT_OPTION``.

        It begins a transaction that can write at once, or one that sees a single state
        where the connection has ``READ_ONLY_OPTION``. A commit that returned survives
        a power cut.
        """

    @abc.abstractmethod
    def create(self) -> None:
        """Make what a first connection needs: a file, with its owner and mode.

        Raises:
            StoreError: that is not possible.

        """

    @abc.abstractmethod
    def check(self) -> None:
        """Check that there is something to connect to; creates nothing.

        Raises:
            StoreError: there is not.
            StoreForbiddenError: this user may not see it.

        """

    @abc.abstractmethod
    def explain(self, error: exc.DBAPIError) -> str:
        """Return what went wrong, and what to do about it."""

    def is_damage(self, error: exc.DBAPIError) -> bool:
        """Return whether an error says that the database is damaged.

        Never for one that is locked, full, unreachable or forbidden: what is damaged
        is set aside.
        """
        del error
        return False

    def find_damage(self, within_s: float, *, thorough: bool) -> str | None:
        """Return what is damaged in the database, None if nothing was found.

        A check that takes longer than it may finds nothing. Without ``thorough`` it
        does not compare the indexes with their tables.
        """
        del within_s, thorough
        return None

    @abc.abstractmethod
    def insert_new(
        self, connection: Connection, table: sa.Table, row: Mapping[str, object]
    ) -> bool:
        """Insert a row unless its primary key is there; return whether it was new."""

    @abc.abstractmethod
    def upsert(self, table: sa.Table) -> sa.Insert:
        """Return an INSERT that replaces rows whose primary key is there."""

    @abc.abstractmethod
    def used_bytes(self, connection: Connection) -> int:
        """Return the bytes that the data take up, free space not included.

        It must fall in the transaction that deletes rows: retention deletes until it
        is below its limit.
        """

    @abc.abstractmethod
    def copy_to(self, engine: Engine, path: Path) -> None:
        """Write one state of the whole database into a new file.

        Others may write meanwhile.

        Raises:
            StoreError: it cannot be read or written, or this engine has backups of its
                own; the message says how to make one.

        """

    @abc.abstractmethod
    def release_space(self, engine: Engine) -> None:
        """Return space that became free to the file system, a part at a time.

        Raises:
            StoreError: the database cannot be written now.

        """

    @abc.abstractmethod
    def instance_lock(self) -> InstanceLock:
        """Return the lock that an alerter has while it uses this database."""

    def connection_options(self) -> dict[str, object]:
        """Return the options that each connection of the engine must have."""
        return {DIALECT_OPTION: self}


def dialect_of(connection: Connection) -> Dialect:
    """Return the dialect of the database that a connection is to."""
    dialect = connection.get_execution_options()[DIALECT_OPTION]
    assert isinstance(dialect, Dialect)
    return dialect
