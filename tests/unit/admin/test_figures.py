from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.figures import FIGURES
from omprog_panic.admin.status import StoreStatus, collect_status
from omprog_panic.config.model import Paths
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")])
    yield world
    world.database.close()


def test_every_figure_is_a_key_of_the_status(world: World) -> None:
    world.receive(make_incident(1))
    paths = Paths(world.spool, world.location, world.folder, world.folder)

    found = collect_status(paths).to_json()
    assert found["incidents"] == 1
    assert all(type(found[figure.name]) is int for figure in FIGURES)


def test_names_of_figures_are_unique_and_clash_with_no_other_key() -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)

    empty = StoreStatus()
    assert empty.figures == dict.fromkeys(names, 0)
