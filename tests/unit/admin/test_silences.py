from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.silences import (
    NewSilence,
    add_silence,
    coming_silences,
    expire_silence,
    list_silences,
    next_occurrence,
    parse_duration,
    parse_every,
    parse_start,
)
from omprog_panic.config.model import Paths
from omprog_panic.config.policy import parse_policy
from omprog_panic.config.time_span import parse_moment
from omprog_panic.errors import OmprogPanicError
from omprog_panic.store.silences import StoredSilence
from tests.builders import make_service
from tests.unit.alerter.worlds import World

CONFIG = parse_policy({})


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Paths]:
    world = World(tmp_path, [make_service("a")])
    yield Paths(world.spool, world.location, world.folder, world.folder)
    world.database.close()


def test_a_silence_is_listed_until_it_is_ended(paths: Paths) -> None:
    new = NewSilence({"host": ["db-*"], "kind": []}, 600, "anna", "kernel")
    added = add_silence(paths, new)
    assert list_silences(paths, CONFIG) == [added]
    assert added.to_json() | {"id": "", "from": "", "until": ""} == {
        "id": "",
        "state": "active",
        "match": "host=db-*",
        "author": "anna",
        "comment": "kernel",
        "from": "",
        "until": "",
        "every": "",
        "orphaned": True,
    }

    assert expire_silence(paths, added.id[:4]) == added.id
    assert list_silences(paths, CONFIG) == []
    [ended] = list_silences(paths, CONFIG, ended=True)
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


WINDOWS = parse_policy(
    {
        "calendars": {"nights": ["daily 22:00-23:00 UTC", "daily 02:00-03:00 UTC"]},
        "maintenance": [
            {"name": "patches", "match": {"host": "db-*"}, "every": "nights"}
        ],
    }
)


def test_one_that_comes_again_is_listed_with_its_times(paths: Paths) -> None:
    every = parse_every(["Sun 02:00-04:00 Europe/Berlin", "nights"], WINDOWS)
    assert every == ("Sun 02:00-04:00 Europe/Berlin", *WINDOWS.calendars["nights"])
    new = NewSilence({"host": ["db-*"]}, None, "anna", "kernel", every=every)
    added = add_silence(paths, new)

    assert (added.ends, added.to_json()["until"]) == (None, None)
    assert added.every.startswith("Sun 02:00-04:00 Europe/Berlin, daily")
    found = {s.id: s for s in list_silences(paths, WINDOWS)}
    assert set(found) == {added.id, "window:patches"}
    assert found["window:patches"].author == "config.yaml"


def test_the_next_times_are_listed_in_their_order(paths: Paths) -> None:
    starts_at = parse_moment("2100-01-01 01:00 Europe/Berlin")
    once = NewSilence({"host": ["a"]}, 3600, "anna", "", starts_at=starts_at)
    add_silence(paths, once)
    coming = coming_silences(paths, WINDOWS)

    assert coming[0].id == "window:patches"
    assert coming[-1].starts == "2100-01-01 00:00:00 UTC"
    assert coming[-1].ends == "2100-01-01 01:00:00 UTC"
    assert coming[-1].to_json()["state"] == "waiting"
    assert coming[0].local.endswith("UTC")


def test_a_silence_that_begins_later_waits(paths: Paths) -> None:
    new = NewSilence({"host": ["a"]}, 3600, "anna", "", starts_at=parse_start("2h"))

    assert add_silence(paths, new).state == "waiting"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tomorrow", "or a duration from now, such as 2h"),
        ("2020-01-01 00:00 UTC", "is over"),
    ],
)
def test_a_start_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(OmprogPanicError, match=words):
        parse_start(text)


def test_times_that_are_none_are_refused() -> None:
    with pytest.raises(OmprogPanicError, match="known here: nights"):
        parse_every(["days"], WINDOWS)
    with pytest.raises(OmprogPanicError, match="no excluded times"):
        parse_every(["!nights"], WINDOWS)


def test_a_window_is_ended_in_the_configuration(paths: Paths) -> None:
    with pytest.raises(OmprogPanicError, match="remove it from `maintenance`"):
        expire_silence(paths, "window:patches")


def test_after_its_end_one_that_comes_again_has_no_next_time() -> None:
    silence = StoredSilence("s", {}, "anna", "", 0.0, 100.0, every=("2000-01-01 UTC",))

    assert next_occurrence(silence, 50.0) == (None, "UTC")
