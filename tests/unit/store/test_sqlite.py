"""What only the embedded database has: a file with owner, mode, name and pragmas."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from omprog_panic.errors import StoreDamagedError, StoreError, StoreForbiddenError
from omprog_panic.store.connect import Database, open_database
from omprog_panic.store.dialect import dialect_of
from omprog_panic.store.schema import LATEST
from omprog_panic.store.set_aside import SetAsideFiles
from omprog_panic.store.sqlite import SQLiteDialect


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db" / "test.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = open_database(path, busy_timeout_s=0.2)
    database.create()
    yield database
    database.close()


def test_a_commit_is_on_disk_when_it_returns(database: Database) -> None:
    with database.read() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked
        ]

    assert values == ["wal", 2, 1]  # 2: FULL


def test_the_files_are_not_for_everybody(database: Database, path: Path) -> None:
    with database.write():
        modes = [file.stat().st_mode & 0o007 for file in path.parent.iterdir()]

    assert len(modes) == 3  # WAL and shared memory lie beside it
    assert set(modes) == {0}
    assert path.parent.stat().st_mode & 0o007 == 0


def test_a_link_in_place_of_the_file_is_refused(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StoreError):
        open_database(path).create()
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_held_elsewhere_is_an_error_to_try_again(
    database: Database, path: Path
) -> None:
    other = open_database(path, busy_timeout_s=0.1)
    with (
        database.write(),
        pytest.raises(StoreError, match="database is locked: another process"),
        other.write(),
    ):
        pass

    with other.write():
        pass
    other.close()


def test_something_else_in_place_of_the_database_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database " * 1000)
    database = open_database(path)

    with pytest.raises(
        StoreDamagedError, match=f"{path}: file is not a database: `systemctl restart"
    ):
        database.create()
    database.close()


def test_an_empty_file_is_named_to_readers(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    database = open_database(path)

    with pytest.raises(StoreError, match="has the alerter run yet"):
        database.check()
    database.close()


def test_only_create_makes_the_file(tmp_path: Path) -> None:
    # A strange name: it becomes a part of a URI.
    path = tmp_path / "a #1?mode=memory%20.sqlite"
    database = open_database(path)
    with pytest.raises(StoreError, match="unable to open"), database.read():
        pass
    with pytest.raises(StoreError, match="unable to open"), database.write():
        pass
    assert not list(tmp_path.iterdir())
    database.create()
    database.check()
    database.close()

    assert path.exists()


def test_a_folder_that_readers_may_not_see_is_not_called_empty(tmp_path: Path) -> None:
    folder = tmp_path / "db"
    folder.mkdir(mode=0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # root may see everything
    try:
        with pytest.raises(StoreForbiddenError, match="use sudo"):
            open_database(folder / "x.sqlite").check()
    finally:
        os.seteuid(me)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match=r"file/x\.sqlite"):
        open_database(tmp_path / "file/x.sqlite").create()


def test_the_folder_is_the_one_of_the_file(path: Path) -> None:
    assert open_database(path).folder == path.parent


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (sqlite3.SQLITE_FULL, "make room"),
        (sqlite3.SQLITE_READONLY, "owner, mode and mount options"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "owner, mode and mount options"),
        (sqlite3.SQLITE_CORRUPT, "restart omprog-panic-alerter` sets it aside"),
    ],
)
def test_a_fault_comes_with_its_remedy(path: Path, code: int, remedy: str) -> None:
    original = sqlite3.OperationalError("the fault")
    original.sqlite_errorcode = code
    error = exc.OperationalError("SELECT 1", {}, original)

    said = SQLiteDialect(str(path), 1.0).explain(error)
    assert said.startswith("the fault: ")
    assert remedy in said


def test_other_faults_are_said_as_they_are(path: Path) -> None:
    error = exc.OperationalError("SELECT 1", {}, sqlite3.OperationalError("odd"))

    assert SQLiteDialect(str(path), 1.0).explain(error) == "odd"


def test_a_row_that_is_there_is_left_or_replaced(database: Database) -> None:
    with database.write() as connection:
        dialect = dialect_of(connection)
        row = {"name": "a", "record": "1", "received_at": 1.0}
        connection.execute(dialect.upsert(LATEST), row)
        assert not dialect.insert_new(connection, LATEST, {**row, "record": "2"})
        first = connection.execute(sa.select(LATEST.c.record)).scalar_one()
        connection.execute(dialect.upsert(LATEST), {**row, "record": "3"})
        second = connection.execute(sa.select(LATEST.c.record)).scalar_one()

    assert (first, second) == ("1", "3")


@pytest.mark.parametrize(
    ("code", "damaged"),
    [
        (sqlite3.SQLITE_CORRUPT, True),
        (sqlite3.SQLITE_CORRUPT_VTAB, True),
        (sqlite3.SQLITE_NOTADB, True),
        (sqlite3.SQLITE_BUSY, False),
        (sqlite3.SQLITE_LOCKED, False),
        (sqlite3.SQLITE_FULL, False),
        (sqlite3.SQLITE_PERM, False),
        (sqlite3.SQLITE_READONLY, False),
        (sqlite3.SQLITE_CANTOPEN, False),
        (sqlite3.SQLITE_IOERR_READ, False),
        (sqlite3.SQLITE_IOERR_SHORT_READ, False),
        (sqlite3.SQLITE_NOMEM, False),
        (sqlite3.SQLITE_PROTOCOL, False),
    ],
)
def test_only_damage_is_damage(path: Path, code: int, damaged: bool) -> None:
    original = sqlite3.DatabaseError("the fault")
    original.sqlite_errorcode = code
    error = exc.DatabaseError("SELECT 1", {}, original)

    assert SQLiteDialect(str(path), 1.0).is_damage(error) is damaged


def test_a_sound_database_that_is_suspected_stays(path: Path) -> None:
    database = open_database(path)
    database.create()
    database.damage = "malformed, said somebody"

    assert database.replace_if_damaged(0.0) is None
    assert not list(SetAsideFiles(path))
    database.check()
    database.close()


def test_what_was_set_aside_is_not_written_any_more(path: Path) -> None:
    database = open_database(path)
    database.create()
    database.close()
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreDamagedError):
        database.check()
    new = database.replace_if_damaged(0.0)

    assert new is not None
    new.create()
    with pytest.raises(StoreError, match="was set aside"), database.write():
        pass
    new.check()
    new.close()
    assert database.set_aside is not None
    assert [found.reason for found in database.set_aside] == ["file is not a database"]
