from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.store.cause_commands import (
    KEPT_S,
    StoredCommand,
    add_command,
    commands_after,
    prune_commands,
)
from omprog_panic.store.connect import Database, open_database

NOW = 1_790_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path / "db.sqlite")
    database.create()
    yield database
    database.close()


def test_commands_come_in_their_order_and_each_once(database: Database) -> None:
    first = StoredCommand("8b0c", "acknowledge", "anna", "on it", NOW, NOW + 60)
    second = StoredCommand("8b0c", "resolve", "grace", "", NOW + 1)
    with database.write() as connection:
        add_command(connection, first)
        add_command(connection, second)
        found = commands_after(connection, 0)

        assert [(c.author, c.until) for c in found] == [
            ("anna", NOW + 60),
            ("grace", None),
        ]
        assert commands_after(connection, found[0].revision) == [found[1]]
        assert commands_after(connection, found[1].revision) == []


def test_old_ones_are_deleted_and_the_numbers_go_on(database: Database) -> None:
    with database.write() as connection:
        for at in (NOW, NOW + KEPT_S, NOW + 2 * KEPT_S):
            add_command(connection, StoredCommand("8b0c", "resolve", "anna", "", at))
        prune_commands(connection, NOW + 2 * KEPT_S)
        found = commands_after(connection, 0)

        assert [c.at for c in found] == [NOW + KEPT_S, NOW + 2 * KEPT_S]
        assert [c.revision for c in found] == [2, 3]
