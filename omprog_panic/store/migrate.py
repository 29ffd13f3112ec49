"""Brings a database to the schema of this program, forwards only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from omprog_panic.errors import StoreError
from omprog_panic.store.migrations import MIGRATIONS, WORDS

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

VERSION = len(MIGRATIONS)
_TABLE = "schema_version"


def schema_version(connection: Connection) -> int:
    """Return which step a database stands at; 0 in a new one."""
    if not sa.inspect(connection).has_table(_TABLE):
        return 0
    found = connection.execute(sa.text(f"SELECT max(version) FROM {_TABLE}")).scalar()  # noqa: S608
    return int(found or 0)


def migrate(connection: Connection) -> int:
    """Take the steps that are missing, in the caller's transaction; tell how many.

    Raises:
        StoreError: the database is of a newer program.

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
    words = WORDS[connection.dialect.name]
    for number, (what, statements) in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            connection.execute(sa.text(statement.format_map(words)))
        connection.execute(
            sa.text(f"INSERT INTO {_TABLE} VALUES (:version, :what)"),  # noqa: S608
            {"version": number, "what": what},
        )
    return VERSION - version


def check_version(version: int) -> None:
    """Refuse a database from the future.

    Raises:
        StoreError: it is newer than this program.

    """
    if version > VERSION:
        raise StoreError(
            f"the database has schema version {version}, this program knows "
            f"{VERSION} at most: install the newer omprog-panic again, or name "
            "another file in paths.database"
        )
