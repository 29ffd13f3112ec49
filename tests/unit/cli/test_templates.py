"""``omprog-panic templates`` as an administrator types it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from omprog_panic.cli.main import main
from omprog_panic.render.templates import ALL_KINDS, INCIDENT, NAMES
from omprog_panic.spool.codec import encode
from omprog_panic.store.connect import open_database
from omprog_panic.store.incidents import StoredIncident, insert_incidents
from tests.builders import database_location, make_incident, make_report, write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, ["json://127.0.0.1:9/x"])


def call(config: Path, *arguments: object) -> Result:
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, ["templates", *texts, "--config", str(config)])


def own(config: Path, name: str, source: str) -> Path:
    folder = config.parent / "alert_templates/en"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source)
    return folder / name


def test_without_own_templates_all_are_shipped_and_good(config: Path) -> None:
    result = call(config, "list", "--format", "json")

    rows = json.loads(result.output)["data"]
    assert result.exit_code == 0
    assert {row["template"] for row in rows} == {*NAMES, "macros.j2"}
    assert {(row["source"], row["state"]) for row in rows} == {("shipped", "good")}
    assert call(config, "list", "--language", "ru").exit_code == 0


def test_own_templates_and_what_is_wrong_with_them_are_shown(config: Path) -> None:
    good = own(config, "incident.subject.j2", "{{ host }}")
    broken = own(config, "back.body.j2", "\n{{ hosts[0].nix }}")
    own(config, "short.body.j2", "{{ title }}")
    result = call(config, "list", "--format", "json")

    rows = json.loads(result.output.partition("\n/")[0])["data"]
    state = {
        (r["template"], r["source"]): (r["message"], r["state"], r["file"])
        for r in rows
        if r["source"] == "yours" or r["template"] == "back.body.j2"
    }
    assert result.exit_code == 1
    assert state["incident.subject.j2", "yours"] == ("incident", "good", str(good))
    assert state["back.body.j2", "yours"] == ("back", "broken", str(broken))
    assert state["back.body.j2", "shipped"][1] == "good"
    assert state["short.body.j2", "yours"][:2] == ("incident (routes)", "good")
    [fault] = [row["fault"] for row in rows if row["fault"]]
    assert fault.startswith(f"{broken}:2: back.body.j2: ")
    assert "nix" in fault

    as_text = call(config, "list")
    assert as_text.exit_code == 1
    assert f"{broken}:2: back.body.j2: " in as_text.output
    assert "correct it or remove the file" in as_text.output


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_kind_can_be_rendered(config: Path, kind: str) -> None:
    english = call(config, "render", kind)
    russian = call(config, "render", kind, "--language", "ru", "--bare")

    assert english.exit_code == russian.exit_code == 0
    assert english.output != russian.output


def test_a_stored_incident_is_rendered_by_its_name(config: Path) -> None:
    database = open_database(database_location(config))
    (config.parent / "db").mkdir()
    database.create()
    record = make_incident(0xABCD << 112)
    stored = StoredIncident(record, make_report(), "NOTIFY_FIRST", 0.0)
    with database.write() as connection:
        insert_incidents(connection, [(stored, encode(record))])
    database.close()

    result = call(config, "render", "--incident", "abcd", "--language", "ru")
    assert result.exit_code == 0
    assert result.output.startswith("ПАНИКА ЯДРА db-07 (10.0.0.2): sysrq triggered")
    assert "Оповещение:    abcd0000" in result.output
    gone = call(config, "render", "--incident", "ffff")
    assert gone.exit_code == os.EX_UNAVAILABLE
    assert "no incident has an id that begins with 'ffff'" in gone.output


def test_a_template_that_fails_is_named_and_the_shipped_one_shown(config: Path) -> None:
    broken = own(config, "incident.body.j2", "{{ 1 / 0 }}")
    result = call(config, "render")

    assert result.exit_code == 1
    assert "sysrq_handle_crash+0x16/0x20" in result.output
    assert f"{broken}:1: incident.body.j2: division by zero" in result.output


def test_the_templates_of_a_route_are_rendered(config: Path) -> None:
    own(config, "short.body.j2", "short: {{ title }}")
    result = call(config, "render", "--template", "short", "--format", "json")

    rendered = json.loads(result.output)["data"]
    assert rendered["body"] == "short: sysrq triggered crash"
    assert rendered["failures"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["render", "nosuch"], 2, "nosuch"),
        (["render", "--template", "gone"], os.EX_UNAVAILABLE, "no template 'gone'"),
        (["render", "back", "--incident", "ab"], os.EX_UNAVAILABLE, INCIDENT),
        (["render", "--incident", "abcd"], os.EX_UNAVAILABLE, "no database"),
        (["list", "--language", "tlh"], 2, "tlh"),
    ],
)
def test_bad_arguments_are_told(
    config: Path, arguments: list[str], code: int, words: str
) -> None:
    result = call(config, *arguments)

    assert result.exit_code == code
    assert words in result.output


def test_a_bad_configuration_is_told(tmp_path: Path) -> None:
    result = call(tmp_path / "gone.yaml", "list")

    assert result.exit_code == os.EX_CONFIG
