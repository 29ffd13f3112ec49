from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.alerter.clock_watch import ClockWatch
from omprog_panic.alerter.event import ignore
from omprog_panic.alerter.setup import Setup, load_setup
from omprog_panic.alerter.workers import DeliveryWorkers
from omprog_panic.clock import SystemClock
from omprog_panic.store.connect import Database, open_database
from tests.builders import write_config


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    urls = ["ops=json://127.0.0.1:9/x", "night=json://127.0.0.1:9/y"]
    return load_setup(write_config(tmp_path, urls))


@pytest.fixture
def database(setup: Setup) -> Iterator[Database]:
    database = open_database(setup.config.paths.database)
    database.create()
    yield database
    database.close()


def test_each_service_has_a_worker_and_a_reload_replaces_them(
    setup: Setup, database: Database
) -> None:
    workers = DeliveryWorkers(
        database, SystemClock(), ClockWatch(SystemClock()), ignore
    )
    workers.start(setup)
    first = workers.threads()
    workers.start(setup)
    second = workers.threads()
    workers.wake()
    workers.stop(5.0)

    keys = [f"omprog-panic-{service.key}" for service in setup.config.services]
    assert [thread.name for thread in first] == keys
    assert [thread.name for thread in second] == keys
    assert not set(first) & set(second)
    assert not any(thread.is_alive() for thread in second)
    for thread in first:
        thread.join(5.0)
    assert not any(thread.is_alive() for thread in first)
