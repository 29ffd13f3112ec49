"""Brings a database to the schema of this program, forwards only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.errors import StoreError
from omprog_panic.store.dialect import dialect_of
from omprog_panic.store.migrations import MIGRATIONS

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

VERSION = len(MIGRATIONS)
_TABLE = "schema_version"


def schema_version(connection: Connection) -> int:
    """Return the number of the last migration; 0 in a new database."""
    if not sa.inspect(connection).has_table(_TABLE):
        return 0
    found = connection.execute(sa.text(f"SELECT max(version) FROM {_TABLE}")).scalar()  # noqa: S608 - a constant
    return int(found or 0)


def migrate(connection: Connection) -> int:
    """Run the missing migrations in the caller's transaction; return how many.

    Raises:
        StoreError: a newer program made the database.

    """
    version = schema_version(connection)
    check_version(version)
    if not version:
        connection.execute(
            sa.text(
                f"CREATE TABLE {_TABLE} (version INTEGER NOT NULL PRIMARY KEY, "
                "what TEXT NOT NULL)"
            )
        )
    types = dialect_of(connection).column_types
    for number, (what, statements) in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            connection.execute(sa.text(statement.format_map(types)))
        connection.execute(
            sa.text(f"INSERT INTO {_TABLE} VALUES (:version, :what)"),  # noqa: S608 - a constant
            {"version": number, "what": what},
        )
    return VERSION - version


def check_version(version: int) -> None:
    """Refuse a schema that is newer than this program.

    Raises:
        StoreError: it is.

    """
    if version > VERSION:
        raise StoreError(
            f"the database has schema version {version}, this program knows only "
            f"versions up to {VERSION}: install the newer omprog-panic again, or "
            "configure another database"
        )
