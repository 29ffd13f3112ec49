from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.silences import (
    NewSilence,
    add_silence,
    expire_silence,
    list_silences,
    parse_duration,
)
from omprog_panic.config.model import Paths
from omprog_panic.errors import OmprogPanicError
from tests.builders import make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Paths]:
    world = World(tmp_path, [make_service("a")])
    yield Paths(world.spool, world.location, world.folder, world.folder)
    world.database.close()


def test_a_silence_is_listed_until_it_is_ended(paths: Paths) -> None:
    new = NewSilence({"host": ["db-*"], "kind": []}, 600, "anna", "kernel")
    added = add_silence(paths, new)
    assert list_silences(paths, ended=False) == [added]
    assert added.to_json() | {"id": "", "from": "", "until": ""} == {
        "id": "",
        "state": "active",
        "match": "host=db-*",
        "author": "anna",
        "comment": "kernel",
        "from": "",
        "until": "",
        "orphaned": True,
    }

    assert expire_silence(paths, added.id[:4]) == added.id
    assert list_silences(paths, ended=False) == []
    [ended] = list_silences(paths, ended=True)
    assert ended.to_json()["state"] == "ended"
    with pytest.raises(OmprogPanicError, match="has already ended"):
        expire_silence(paths, added.id)


@pytest.mark.parametrize("prefix", ["", "zz", "%"])
def test_a_silence_that_is_not_there_is_named(paths: Paths, prefix: str) -> None:
    with pytest.raises(OmprogPanicError, match="no silence has an id"):
        expire_silence(paths, prefix)


def test_a_silence_that_can_match_nothing_is_refused(paths: Paths) -> None:
    with pytest.raises(OmprogPanicError, match="--severity: unknown severity"):
        add_silence(paths, NewSilence({"severity": ["panik"]}, 600, "anna", ""))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("2h", 7200), ("1d12h", 129600), ("1w", 604800)],
)
def test_durations_are_parsed(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "2", "2 h", "h2", "367d", "1y", "-1h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(OmprogPanicError, match="is not a valid duration"):
        parse_duration(text)
