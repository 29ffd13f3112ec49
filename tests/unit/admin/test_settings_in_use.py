from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.settings_in_use import (
    NOT_RUNNING,
    wait_until_read,
    why_outdated,
)
from omprog_panic.alerter.settings_report import (
    SettingsInUse,
    SettingsReport,
    settings_from_json,
    settings_to_json,
)
from omprog_panic.alerter.setup import Setup
from omprog_panic.config.digest import digests
from omprog_panic.config.model import Paths
from omprog_panic.render.templates import load_templates
from tests.builders import make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")])
    yield world
    world.database.close()


def test_a_file_that_changed_after_it_was_read_is_named(world: World) -> None:
    paths = Paths(world.spool, world.location, world.folder, world.folder)
    assert why_outdated(paths) == [NOT_RUNNING]

    file = world.folder / "config.yaml"
    file.write_text("language: en\n")
    templates = load_templates(world.folder / "none", "en")
    setup = Setup(world.maintenance().config, templates, files=digests([file]))
    SettingsReport(world.database, world.clock).update(setup)
    world.database.lock.acquire()
    try:
        assert why_outdated(paths) == []
        file.write_text("language: ru\n")
        assert wait_until_read(paths, 0.0) == [
            f"{file} has changed since the alerter read it"
        ]
    finally:
        world.database.lock.release()


def test_settings_are_read_back_as_they_were_stored() -> None:
    settings = SettingsInUse(("t",), ("r",), {"/f": "d"}, ("k",))

    assert settings_from_json(settings_to_json(settings)) == settings
    assert settings_from_json('{"version": 99}') is None
