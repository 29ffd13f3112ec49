from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omprog_panic.config.model import Service
from tests.lookalikes.internet import Internet
from tests.lookalikes.mail import Mail
from tests.unit.alerter.worlds import World


@pytest.fixture(scope="session")
def lasting_internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    with Internet(tmp_path_factory.mktemp("internet")) as internet:
        yield internet


@pytest.fixture
def internet(
    lasting_internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Internet]:
    for name, value in lasting_internet.environment().items():
        monkeypatch.setenv(name, value)
    lasting_internet.services.clear()
    lasting_internet.requests.clear()
    yield lasting_internet
    assert not lasting_internet.strangers


@pytest.fixture
def mailbox(internet: Internet) -> Iterator[Mail]:
    with Mail(internet) as mailbox:
        yield mailbox


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[[Service], World]]:
    worlds: list[World] = []

    def make(service: Service) -> World:
        worlds.append(World(tmp_path, [service]))
        return worlds[-1]

    yield make
    for world in worlds:
        world.database.close()
