from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from omprog_panic.admin.search import IncidentQuery, list_incidents
from omprog_panic.config.load import load_public
from omprog_panic.errors import OmprogPanicError
from tests.archives import CRASHES, KERNEL, Crash, make_archive

DB, WEB, FARM, OLD = (crash.id for crash in CRASHES)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive"))


def at(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def ids(config: Path, **query: Any) -> list[str]:
    public = load_public(config)
    wanted = IncidentQuery(**query)
    found = list_incidents(public.paths.database, wanted, public.directory)
    return [row.summary.id[:8] for row in found.rows]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, [DB, WEB, FARM, OLD]),
        ({"hosts": ("db-*",)}, [DB, OLD]),
        ({"hosts": ("DB-07", "web-1")}, [DB, WEB, OLD]),
        ({"hosts": ("!db-07",)}, [WEB, FARM]),
        ({"hosts": ("10.0.0.3",)}, [WEB]),
        ({"hosts": ("10.9.0.0/16",)}, [FARM]),
        ({"hosts": ("farm",)}, [FARM]),
        ({"hosts": ("сервер*",)}, [FARM]),
        ({"kernels": ("6.1.*",)}, [WEB, OLD]),
        ({"kernels": (KERNEL,)}, [DB, FARM]),
        ({"severities": ("oops", "warning")}, [WEB, FARM]),
        ({"cause": "AAAA"}, [WEB]),
        ({"cause": "%"}, []),
        ({"text": "null POINTER"}, [WEB]),
        ({"text": "usb 1-1: new device"}, [DB, WEB, FARM, OLD]),
        ({"text": "^no such line"}, []),
        ({"text": "NO SUCH LINE"}, []),
        ({"text": "KERNEL PANIC - NOT syncing"}, [DB, WEB, FARM, OLD]),
        ({"since": at("2026-11-27T00:00:00+00:00")}, [DB, WEB]),
        ({"until": at("2026-11-27T02:00:00+00:00")}, [FARM, OLD]),
        ({"since": at("2026-11-27T02:00:00+00:00")}, [DB, WEB]),
        ({"hosts": ("db-07",), "kernels": ("6.1.*",)}, [OLD]),
    ],
)
def test_a_query_finds_the_newest_first(
    config: Path, query: dict[str, Any], wanted: list[str]
) -> None:
    assert ids(config, **query) == wanted


def test_a_limit_counts_what_was_found_and_says_that_there_is_more(
    config: Path,
) -> None:
    public = load_public(config)

    def found(limit: int) -> tuple[int, bool]:
        query = IncidentQuery(hosts=("db-07",), limit=limit)
        done = list_incidents(public.paths.database, query, public.directory)
        return len(done.rows), done.more

    assert (found(1), found(2), found(3)) == ((1, True), (2, False), (2, False))


def test_incidents_are_listed_under_the_listed_name(config: Path) -> None:
    public = load_public(config)
    found = list_incidents(public.paths.database, IncidentQuery(), public.directory)

    first = found.rows[0]
    assert first.to_json()["host"] == first.host == "db-07"
    assert first.time == "2026-11-27 22:15:42 UTC"
    assert found.rows[1].time == "2026-11-27 02:00:00 UTC"


def test_a_bad_regular_expression_is_refused(config: Path) -> None:
    with pytest.raises(OmprogPanicError, match="is not a regular expression"):
        ids(config, text="(")


def test_hosts_behind_one_address_are_told_apart_by_their_own_names(
    tmp_path: Path,
) -> None:
    at = "2026-11-27T22:15:42+00:00"
    nat = "203.0.113.7"
    crashes = [Crash("a1", nat, at, host="pc-1"), Crash("a2", nat, at, host="pc-2")]
    file = make_archive(tmp_path, *crashes)
    office = {"name": "office", "address": nat, "shared": True}
    file.write_text(json.dumps({**json.loads(file.read_text()), "senders": [office]}))

    assert ids(file, hosts=("pc-2",)) == ["a2000000"]
    assert ids(file, hosts=("office",)) == ["a1000000", "a2000000"]
