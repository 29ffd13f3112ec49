"""Setting a damaged database aside, also by a process that is killed in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.errors import StoreError
from omprog_panic.store.set_aside import MAX_KEPT, SetAsideFiles, Step

NOW = 1_767_261_660.0
MOVED_TO = "x.db.damaged-20260101T100100Z"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    for name in ("x.db", "x.db-wal", "x.db-shm", "x.db.lock"):
        (tmp_path / name).write_text(name)
    return tmp_path / "x.db"


def names(database: Path) -> list[str]:
    return sorted(path.name for path in database.parent.iterdir())


def test_the_files_are_kept_beside_with_the_time_in_their_names(database: Path) -> None:
    SetAsideFiles(database).add("malformed", NOW)

    assert names(database) == [
        "x.db.damaged-20260101T100100Z",
        "x.db.damaged-20260101T100100Z-shm",
        "x.db.damaged-20260101T100100Z-wal",
        "x.db.damaged-20260101T100100Z.json",
        "x.db.lock",
    ]
    assert (database.parent / f"{MOVED_TO}-wal").read_text() == "x.db-wal"
    [found] = SetAsideFiles(database)
    assert (found.at, found.reason, found.step) == (NOW, "malformed", Step.MOVED)


@pytest.mark.parametrize("moved", range(4))
def test_what_a_killed_process_began_is_finished(
    database: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    files, rename = SetAsideFiles(database), Path.rename
    renamed: list[Path] = []

    def killed(self: Path, target: Path) -> Path:
        if not self.name.endswith(".new"):
            if len(renamed) == moved:
                raise KeyboardInterrupt
            renamed.append(self)
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        if moved < 3:
            with pytest.raises(KeyboardInterrupt):
                files.add("malformed", NOW)
        else:
            files.add("malformed", NOW)
    files.finish()
    database.write_text("a new one")
    files.finish()

    assert database.read_text() == "a new one"
    assert (database.parent / MOVED_TO).read_text() == "x.db"
    assert (database.parent / f"{MOVED_TO}-wal").read_text() == "x.db-wal"
    assert [found.step for found in files] == [Step.MOVED]


def test_one_that_was_deleted_is_forgotten(database: Path) -> None:
    files = SetAsideFiles(database)
    files.mark_notified(files.add("malformed", NOW))
    (database.parent / MOVED_TO).unlink()

    assert list(files) == []
    files.finish()
    assert names(database) == ["x.db.lock"]


def test_two_in_one_second_have_names_of_their_own(database: Path) -> None:
    files = SetAsideFiles(database)
    files.add("malformed", NOW)
    database.write_text("second")
    files.add("malformed", NOW)

    assert len(list(files)) == 2


def test_the_first_and_the_last_ones_are_kept(database: Path) -> None:
    files = SetAsideFiles(database)
    for number in range(MAX_KEPT + 3):
        database.write_text(f"{number}")
        files.add("malformed", NOW + 10 * number)

    kept = [found.path.read_text() for found in files]
    assert kept == ["0", *map(str, range(4, MAX_KEPT + 3))]
    assert len(kept) == MAX_KEPT


def test_a_note_that_is_not_ours_is_ignored(database: Path) -> None:
    (database.parent / f"{MOVED_TO}.json").write_text('{"version": 2}')
    (database.parent / f"{MOVED_TO}").write_text("")

    assert list(SetAsideFiles(database)) == []


def test_one_that_cannot_be_moved_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        SetAsideFiles(tmp_path / "missing/x.db").add("malformed", NOW)
