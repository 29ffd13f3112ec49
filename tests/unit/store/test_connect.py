from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.errors import StoreError
from omprog_panic.store import connect
from omprog_panic.store.connect import existing_database, open_database
from omprog_panic.store.dialect import Dialect
from omprog_panic.store.sqlite import SQLiteDialect


def test_a_path_is_the_embedded_database(tmp_path: Path) -> None:
    database = open_database(tmp_path / "db")

    assert database.folder == tmp_path


def test_a_scheme_chooses_the_dialect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, float]] = []

    def dialect(location: str, busy_timeout_s: float) -> Dialect:
        asked.append((location, busy_timeout_s))
        return SQLiteDialect(str(tmp_path / "other"), busy_timeout_s)

    monkeypatch.setattr(connect, "DIALECTS", {"other": dialect})
    open_database("other://host/name", busy_timeout_s=3.0)

    assert asked == [("other://host/name", 3.0)]


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(StoreError, match="oracle: not a known kind of database"):
        open_database("oracle://host/name")


def test_an_existing_database_is_closed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "db"
    database = open_database(path)
    database.create()
    database.close()

    with existing_database(path) as found:
        found.check()
        assert sorted(file.name for file in tmp_path.iterdir()) == [
            "db",
            "db-shm",
            "db-wal",
        ]
    assert [file.name for file in tmp_path.iterdir()] == ["db"]
