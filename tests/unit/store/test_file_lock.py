from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from omprog_panic.errors import AlreadyRunningError, StoreError
from omprog_panic.store.file_lock import FileLock


def test_the_lock_makes_its_folder_and_is_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "db" / "x.lock"
    lock = FileLock(path)
    lock.acquire()
    lock.release()

    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o007 == 0


def test_a_second_holder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    first, second = FileLock(path), FileLock(path)
    first.acquire()
    with pytest.raises(AlreadyRunningError, match=r"another alerter.*x\.lock"):
        second.acquire()
    second.release()
    assert second.is_held()
    first.release()

    assert not second.is_held()


def test_the_lock_ends_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    child = os.fork()
    if child == 0:
        FileLock(path).acquire()
        os._exit(0)
    os.waitpid(child, 0)

    assert path.exists()
    assert not FileLock(path).is_held()


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match=r"file/x\.lock"):
        FileLock(tmp_path / "file" / "x.lock").acquire()


def test_without_a_file_nobody_has_the_lock(tmp_path: Path) -> None:
    assert not FileLock(tmp_path / "x.lock").is_held()
    assert not list(tmp_path.iterdir())


def test_a_lock_that_cannot_be_opened_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    path.symlink_to("elsewhere")  # O_NOFOLLOW refuses it, to root as well

    assert FileLock(path).is_held() is None
