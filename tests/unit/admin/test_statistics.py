from __future__ import annotations

from pathlib import Path

import pytest

from omprog_panic.admin.search import IncidentQuery
from omprog_panic.admin.statistics import COUNT_BY, count_incidents
from omprog_panic.config.load import load_public
from tests.archives import KERNEL, OLDER, make_archive


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive"))


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        ("week", {"2026-W45": 1, "2026-W47": 1, "2026-W48": 2}),
        ("day", {"2026-11-02": 1, "2026-11-20": 1, "2026-11-27": 2}),
        ("month", {"2026-11": 4}),
        ("kernel", {OLDER: 2, KERNEL: 2}),
        ("severity", {"panic": 2, "oops": 1, "warning": 1}),
        ("cause", {"f" * 8: 2, "a" * 8: 1, "b" * 8: 1}),
    ],
)
def test_incidents_are_counted(config: Path, by: str, wanted: dict[str, int]) -> None:
    public = load_public(config)
    database, directory = public.paths.database, public.directory

    counts = count_incidents(database, IncidentQuery(), by, directory)
    assert [(c.key, c.incidents) for c in counts] == [*wanted.items()]


def test_a_count_says_on_how_many_hosts_and_how_many_panicked(config: Path) -> None:
    public = load_public(config)
    database, directory = public.paths.database, public.directory
    query = IncidentQuery(hosts=("db-07", "web-1"))

    [first, _] = count_incidents(database, query, "host", directory)
    assert first.to_json() == {
        "key": "db-07",
        "incidents": 2,
        "panicked": 2,
        "hosts": 1,
        "title": "kernel panic: Fatal exception",
    }
    [month] = count_incidents(database, query, "month", directory)
    assert (month.incidents, month.panicked, len(month.hosts)) == (3, 2, 2)


def test_everything_that_can_be_counted_by_is_tried(config: Path) -> None:
    public = load_public(config)
    for by in COUNT_BY:
        assert count_incidents(public.paths.database, IncidentQuery(), by)
