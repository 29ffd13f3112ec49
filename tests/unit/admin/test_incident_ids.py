from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.admin.incident_ids import resolve_id, shortened
from omprog_panic.config.load import load_public
from omprog_panic.errors import OmprogPanicError
from omprog_panic.store.connect import open_database
from tests.archives import Crash, make_archive


def resolve(config: Path, prefix: str) -> str:
    database = open_database(load_public(config).paths.database)
    try:
        with database.read() as connection:
            return resolve_id(connection, prefix)
    finally:
        database.close()


@pytest.mark.parametrize("prefix", ["3", "3f2a", "3F2A0001", "3f2a0001".ljust(32, "0")])
def test_one_incident_is_found_by_any_beginning_that_only_it_has(
    tmp_path: Path, prefix: str
) -> None:
    assert resolve(make_archive(tmp_path), prefix) == "3f2a0001".ljust(32, "0")


@pytest.mark.parametrize("prefix", ["", "ffff", "%", "_"])
def test_an_id_that_names_no_incident_is_refused(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(OmprogPanicError, match="no incident has an id that begins"):
        resolve(make_archive(tmp_path), prefix)


def test_an_ambiguous_id_is_refused_with_the_candidates(tmp_path: Path) -> None:
    with pytest.raises(OmprogPanicError) as caught:
        resolve(make_archive(tmp_path), "77AA")

    assert str(caught.value).splitlines() == [
        "several incidents have an id that begins with '77AA'; write more digits:",
        "  77aa0003  сервер-中文-with-a-long-name: WARNING in netdev_watchdog",
        "  77aa0004  10.0.0.2: kernel panic: Fatal exception",
    ]


def test_many_candidates_are_not_all_listed(tmp_path: Path) -> None:
    at = "2026-11-27T22:15:42+00:00"
    crashes = [Crash(f"77{number:06x}", "10.0.0.2", at) for number in range(9)]

    with pytest.raises(OmprogPanicError, match=r"\n  \.\.\.$"):
        resolve(make_archive(tmp_path, *crashes), "77")


def test_ids_that_begin_alike_are_shown_with_more_digits() -> None:
    alike = ["0123456789ab", "0123456789cd", "f000"]

    assert shortened([*alike, *alike]) == {
        "0123456789ab": "0123456789a",
        "0123456789cd": "0123456789c",
        "f000": "f000",
    }
