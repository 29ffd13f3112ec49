"""A bug in one task ends neither the cycle nor the other tasks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.alerter.periodic import PeriodicTasks
from omprog_panic.alerter.settings_report import SettingsReport, load_settings_in_use
from omprog_panic.alerter.setup import Setup
from omprog_panic.errors import StoreError
from omprog_panic.render.templates import load_templates
from tests.builders import make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")], policy={})
    yield world
    world.database.close()


def make_tasks(world: World) -> tuple[PeriodicTasks, Setup]:
    maintenance = world.maintenance()
    report = SettingsReport(world.database, world.clock)
    tasks = PeriodicTasks(
        world.database, world.clock, world.runner, maintenance, report
    )
    templates = load_templates(world.folder / "none", "en")
    return tasks, Setup(maintenance.config, templates)


def test_a_bug_in_the_policy_is_logged_once_and_the_rest_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tasks, setup = make_tasks(world)

    def broken(_: object) -> bool:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(world.runner, "tick", broken)
    with caplog.at_level(logging.ERROR):
        assert tasks.run(setup) is False
        assert tasks.run(setup) is False

    assert [record.message for record in caplog.records] == ["policy failed"]
    with world.database.read() as connection:
        settings = load_settings_in_use(connection)
    assert settings is not None
    assert settings.services == (world.services[0].key,)


def test_a_database_that_cannot_be_used_ends_the_cycle(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks, setup = make_tasks(world)

    def locked(_: object) -> bool:
        raise StoreError("locked")

    monkeypatch.setattr(world.runner, "tick", locked)
    with pytest.raises(StoreError, match="locked"):
        tasks.run(setup)


def test_a_refused_reload_is_reported_until_another_setup_is_used(
    world: World,
) -> None:
    tasks, setup = make_tasks(world)
    tasks.report.refused = ("config.yaml:1: $: bad",)
    tasks.run(setup)
    with world.database.read() as connection:
        refused = load_settings_in_use(connection)
    tasks.configure(setup)
    tasks.run(setup)
    with world.database.read() as connection:
        accepted = load_settings_in_use(connection)

    assert refused is not None
    assert accepted is not None
    assert (refused.reload, accepted.reload) == (("config.yaml:1: $: bad",), ())
