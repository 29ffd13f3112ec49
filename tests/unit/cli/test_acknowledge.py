"""``ack``, ``unack`` and ``resolve`` as they are typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from omprog_panic.cli.main import main
from omprog_panic.clock import SystemClock
from tests.builders import make_incident, make_service, write_config
from tests.unit.alerter.worlds import World

A = make_incident(0xAAAA << 112)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")], policy={})
    world.clock.now = SystemClock().wall()
    world.receive(A)
    yield world
    world.database.close()


@pytest.fixture
def config(world: World) -> Path:
    file = write_config(world.folder, ["ops=json://127.0.0.1:9/x"])
    data = json.loads(file.read_text())
    paths = {"spool": str(world.spool), "database": str(world.location)}
    data["paths"] = {**data.get("paths", {}), **paths}
    file.write_text(json.dumps(data))
    return file


def call(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(config)])


def test_who_runs_it_has_it(
    config: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "grace")
    result = call(config, "ack", "aaaa", "--for", "4h", "--comment", "on it")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("acknowledged by grace: panic: ")
    world.runner.tick(world.database)

    listed = call(config, "incidents", "list").output
    assert " acknowledged " in listed
    shown = call(config, "incidents", "show", "aaaa").output
    assert "state:           acknowledged by grace until " in shown
    assert ": on it" in shown
    assert "acknowledged by grace until" in call(config, "status").output


def test_it_is_given_back_and_resolved(config: Path, world: World) -> None:
    call(config, "ack", "aaaa", "--author", "anna")
    back = call(config, "unack", "aaaa", "--author", "anna", "--format", "json")
    assert json.loads(back.output)["data"]["action"] == "unacknowledge"
    done = call(config, "resolve", "aaaa", "--author", "anna")
    assert done.output.startswith("resolved by anna: ")
    world.runner.tick(world.database)

    again = call(config, "ack", "aaaa")
    assert again.exit_code == 69
    assert "is not open" in again.output
    assert "resolved" in call(config, "incidents", "list").output


def test_a_length_that_is_none_is_refused(config: Path) -> None:
    result = call(config, "ack", "aaaa", "--for", "soon")

    assert result.exit_code == 69
    assert "is not a valid duration" in result.output
