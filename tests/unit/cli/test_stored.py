"""The commands on a store, as an administrator types them, without an alerter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from omprog_panic.cli.main import main
from omprog_panic.config.load import load_public
from omprog_panic.store.connect import open_database
from tests.builders import write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose database exists and is empty."""
    file = write_config(tmp_path, ["ops=json://127.0.0.1:9/x"])
    database = open_database(load_public(file).paths.database)
    database.create()
    database.close()
    (tmp_path / "spool/new").mkdir(parents=True)
    return file


def call(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(config)])


def data(config: Path, *arguments: str) -> Any:
    result = call(config, *arguments, "--format", "json")
    body = json.loads(result.output)
    assert body["version"] == 1
    return body["data"]


@pytest.mark.parametrize(
    ("command", "empty"),
    [
        (["incidents", "list"], []),
        (["outbox", "list"], []),
        (["silence", "list"], []),
        (["digest"], None),
    ],
)
def test_an_empty_store_is_shown_as_such(
    config: Path, command: list[str], empty: object
) -> None:
    assert data(config, *command) == empty
    assert call(config, *command).exit_code == 0


def test_a_silence_is_added_listed_and_ended(config: Path) -> None:
    options = ["--host", "db-*", "--for", "2h", "--comment", "new kernel"]
    added = data(config, "silence", "add", *options)
    assert (added["state"], added["match"]) == ("active", "host=db-*")
    assert [row["id"] for row in data(config, "silence", "list")] == [added["id"]]

    assert data(config, "silence", "expire", added["id"]) == {"ended": added["id"]}
    assert data(config, "silence", "list") == []


def test_a_silence_of_everything_must_be_asked_for(config: Path) -> None:
    result = call(config, "silence", "add", "--for", "2h", "--comment", "x")

    assert result.exit_code == 2
    assert "or use --everything" in result.output


def test_a_bad_duration_is_refused_in_plain_words(config: Path) -> None:
    result = call(
        config, "silence", "add", "--host", "a", "--for", "2x", "--comment", "x"
    )

    assert "omprog-panic: '2x' is not a valid duration" in result.output


def test_status_without_an_alerter_is_critical(config: Path) -> None:
    result = call(config, "status")

    assert result.exit_code == 2
    assert result.output.startswith("CRITICAL: the alerter is not running\n")
    assert "stored incidents: 0" in result.output


def test_listed_senders_are_shown_before_they_were_heard(config: Path) -> None:
    [row] = data(config, "senders")
    assert (row["name"], row["state"]) == ("db-07", "never heard")

    missing = call(config, "senders", "--token", "ab12")
    assert (missing.exit_code, missing.output) == (1, "not arrived\n")


def test_nothing_to_analyze_is_success(config: Path) -> None:
    assert data(config, "reanalyze")["looked_at"] == 0
    assert call(config, "reanalyze").output.startswith("analyzed: 0, changed: 0")


@pytest.mark.parametrize("command", [["outbox", "retry"], ["outbox", "drop"]])
def test_a_command_that_names_no_delivery_is_refused(
    config: Path, command: list[str]
) -> None:
    assert call(config, *command).exit_code == 2


def test_an_empty_digest_says_when_one_would_be_sent(config: Path) -> None:
    assert "the digest is sent at 08:00" in call(config, "digest").output

    settings = json.loads(config.read_text())
    config.write_text(json.dumps({**settings, "digest": {"at": "never"}}))
    assert (
        "digest.at is never: see omprog-panic incidents"
        in call(config, "digest").output
    )


@pytest.mark.parametrize("pattern", ["!", "", "*", "!nosuch", "?*"])
def test_no_pattern_silences_everything_unasked(config: Path, pattern: str) -> None:
    options = ["--host", pattern, "--for", "2h", "--comment", "x"]
    result = call(config, "silence", "add", *options)

    assert result.exit_code != 0
    assert data(config, "silence", "list") == []


def test_a_silence_of_everything_is_added_on_request(config: Path) -> None:
    options = ["--host", "*", "--everything", "--for", "2h", "--comment", "x"]

    assert data(config, "silence", "add", *options)["match"] == "host=*"


def test_a_silence_that_matches_nobody_says_so(config: Path) -> None:
    options = ["--host", "nosuch", "--for", "2h", "--comment", "x"]
    words = "host=nosuch matches no sender that is listed or was heard"
    assert words in call(config, "silence", "add", *options).output
    assert words in call(config, "silence", "list").output

    settings = json.loads(config.read_text())
    listed = [{"name": "nosuch", "address": "10.0.0.2"}]
    config.write_text(json.dumps({**settings, "senders": listed}))
    assert words not in call(config, "silence", "list").output


def test_routes_test_knows_of_silences(config: Path) -> None:
    options = ["--host", "db-*", "--for", "2h", "--comment", "new kernel"]
    call(config, "silence", "add", *options)
    asked = ["routes", "test", "--host", "db-07"]
    output = call(config, *asked).output
    assert "(host=db-*): new kernel\n" in output
    assert "notified: no service" in output
    assert "notified: json" in call(config, "routes", "test", "--host", "web").output
    assert data(config, *asked)["silence"].startswith("silence ")


def test_a_silence_that_comes_again_is_added_and_its_next_time_shown(
    config: Path,
) -> None:
    every = ["--every", "Sun 02:00-04:00 Europe/Berlin"]
    result = call(config, "silence", "add", "--host", "db-*", *every, "--comment", "x")
    assert result.exit_code == 0, result.output
    assert (
        "silent every Sun 02:00-04:00 Europe/Berlin, until it is ended" in result.output
    )
    [coming] = data(config, "silence", "list", "--next")
    assert coming["local"].startswith("Sun ")
    assert "Sun 20" in call(config, "silence", "list", "--next").output
    later = call(
        config, "silence", "add", "--host", "a", "--start", "2h", "--for", "1h",
        "--comment", "x",
    )  # fmt: skip
    assert ": silent from 20" in later.output

    neither = call(config, "silence", "add", "--host", "a", "--comment", "x")
    assert neither.exit_code == 2
    assert "the duration is missing" in neither.output
