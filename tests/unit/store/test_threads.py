from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.store.connect import Database, open_database
from omprog_panic.store.threads import (
    StoredThread,
    load_threads,
    open_threads,
    prune_threads,
    save_thread,
)
from tests.backends import BACKENDS


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    database = open_database(request.param.new_location(tmp_path))
    database.create()
    yield database
    database.close()


def save(database: Database, *threads: StoredThread, now: float = 100.0) -> None:
    with database.write() as connection:
        for thread in threads:
            save_thread(connection, "service", thread, now)


def load(database: Database, *keys: str) -> list[StoredThread]:
    with database.read() as connection:
        return load_threads(connection, "service", keys)


def test_the_newest_row_counts_and_a_content_stays(database: Database) -> None:
    save(
        database,
        StoredThread("k", 5, True, "{}"),
        StoredThread("k", 9, False, None),
        StoredThread("k", 7, True, "late"),
    )

    assert load(database, "k", "other") == [StoredThread("k", 9, False, "{}")]
    assert load(database) == []


def test_what_is_open_and_has_a_content_is_listed(database: Database) -> None:
    kept = StoredThread("b", 2, True, "{}")
    closed = StoredThread("c", 3, False, "{}")
    save(database, kept, closed, StoredThread("a", 1, True, None))

    with database.read() as connection:
        assert open_threads(connection, "service") == [kept]
        assert open_threads(connection, "another") == []


def test_what_is_old_goes_open_ones_last(database: Database) -> None:
    closed, opened = StoredThread("c", 1, False, None), StoredThread("o", 2, True, None)
    save(database, closed, opened, now=100.0)
    with database.write() as connection:
        prune_threads(connection, closed_before=101.0, open_before=50.0)

    assert load(database, "c", "o") == [opened]
    with database.write() as connection:
        prune_threads(connection, closed_before=101.0, open_before=101.0)
    assert load(database, "c", "o") == []
