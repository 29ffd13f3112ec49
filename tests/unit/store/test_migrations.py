"""The steps of the schema; tests/contract/test_store.py runs them."""

from __future__ import annotations

from omprog_panic.store.migrate import VERSION
from omprog_panic.store.migrations import MIGRATIONS
from omprog_panic.store.sqlite import SQLiteDialect


def test_the_version_is_the_number_of_migrations() -> None:
    assert len(MIGRATIONS) == VERSION == 4


def test_every_placeholder_is_a_column_type_of_the_dialect() -> None:
    for _, statements in MIGRATIONS:
        for statement in statements:
            text = statement.format_map(SQLiteDialect.column_types)
            assert "{" not in text
