from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from omprog_panic.cli.main import main
from tests.builders import write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    urls = ["ops=json://127.0.0.1:8000/a", "dba=json://127.0.0.1:8000/b"]
    config = write_config(tmp_path, urls)
    data = json.loads(config.read_text())
    match = {"host": "db-*", "severity": "panic"}
    data["routes"] = [{"name": "databases", "match": match, "to": "dba"}]
    data["default_route"] = {"to": "ops"}
    config.write_text(json.dumps(data))
    return config


def run(config: Path, *options: str) -> str:
    arguments = ["routes", "test", "--config", str(config), *options]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_route_that_fires_is_shown_with_its_reason(config: Path) -> None:
    output = run(config, "--address", "10.0.0.2")

    assert "alert: severity panic is alert" in output
    assert "->   databases: fires: host=db-* and severity=panic" in output
    assert "notified: json [dba]" in output
    assert "[ops]" not in output


def test_the_route_that_does_not_says_what_it_lacks(config: Path) -> None:
    output = run(config, "--host", "db-07", "--severity", "oops")

    assert "databases: does not match: severity=panic is not 'oops'" in output
    assert "notified: json [ops]" in output


def test_json_says_the_same(config: Path) -> None:
    output = run(config, "--severity", "info", "--format", "json")

    answer = json.loads(output)["data"]
    assert (answer["level"], answer["services"]) == ("store", [])
    assert [step["name"] for step in answer["routes"]] == [
        "default_route",
        "databases",
    ]


def test_what_goes_into_the_digest_is_told_to_those_who_get_it(config: Path) -> None:
    data = json.loads(config.read_text())
    config.write_text(json.dumps({**data, "digest": {"at": "never"}}))
    output = run(config, "--severity", "warning")
    assert "store: severity warning is digest, and digest.at is never" in output
    assert "notified: no service" in output

    data["routes"].append({"match": {"severity": "digest"}, "to": "dba"})
    config.write_text(json.dumps(data))
    output = run(config, "--severity", "warning", "--host", "db-07")
    assert "digest: severity warning is digest" in output
    assert "->   routes[1]: fires: severity=digest" in output
    assert "notified: json [dba]" in output
    assert "[ops]" not in output


def with_times(config: Path) -> Path:
    data = json.loads(config.read_text())
    data["calendars"] = {"office": ["Mon-Fri 08:00-18:00 Europe/Berlin"]}
    data["routes"][0]["times"] = "!office"
    data["routes"][0]["escalate"] = [
        {"after": "15m", "to": ["ops"]},
        {"after": "1h", "to": ["ops", "dba"], "repeat": "30m"},
    ]
    window = {"name": "patches", "match": {"host": "db-*"}, "every": "Sun UTC"}
    data["maintenance"] = [window]
    config.write_text(json.dumps(data))
    return config


def test_the_steps_of_an_escalation_are_shown(config: Path) -> None:
    night = ["--at", "2026-12-02 03:00 Europe/Berlin"]
    output = run(with_times(config), "--host", "db-07", *night)

    assert "notified: json [dba]" in output
    first, second = [s for s in output.splitlines() if s.startswith("escalated: ")]
    assert first.startswith("escalated: after 15m: json [ops]")
    assert second.startswith("escalated: after 1h, then every 30m: json [ops]")
    assert second.endswith("(by databases), unless somebody acknowledges")
    body = json.loads(run(config, "--host", "db-07", *night, "--format", "json"))
    assert [s["after"] for s in body["data"]["escalation"]] == ["15m", "1h"]


def test_a_route_says_at_which_times_it_is_not_used(config: Path) -> None:
    noon = ["--at", "2026-12-02 12:00 Europe/Berlin"]
    output = run(with_times(config), "--host", "db-07", *noon)

    assert "databases: does not match at this time: only !office" in output
    assert "notified: json [ops]" in output
    assert "escalated" not in output


def test_a_window_that_covers_an_alert_is_named(config: Path) -> None:
    sunday = ["--at", "2026-12-06 12:00 Europe/Berlin"]
    output = run(with_times(config), "--host", "db-07", *sunday)

    words = "silenced: maintenance window patches (Sun UTC, host=db-*): maintenance"
    assert words in output
    assert "notified: no service" in output


def test_a_time_without_its_zone_is_refused(config: Path) -> None:
    arguments = ["routes", "test", "--config", str(config), "--at", "2026-12-06 12:00"]
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 69
    assert "is not a time with its zone" in result.output
