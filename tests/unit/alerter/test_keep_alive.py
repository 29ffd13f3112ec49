from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from omprog_panic.alerter.keep_alive import KeepAlive
from omprog_panic.sinks.sink import Outcome
from omprog_panic.store.connect import Database, open_database
from omprog_panic.store.threads import StoredThread, save_thread
from tests.backends import EMBEDDED
from tests.builders import make_service
from tests.fakes import FakeClock

SERVICE = make_service("am")


class Fake:
    keep_alive_every_s = 60.0

    def __init__(self, *outcomes: Outcome) -> None:
        self.kept: list[list[str]] = []
        self._outcomes = iter(outcomes)

    def keep_alive(self, contents: Sequence[str]) -> Outcome:
        self.kept.append(list(contents))
        return next(self._outcomes, Outcome(delivered=True))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(EMBEDDED.new_location(tmp_path))
    database.create()
    yield database
    database.close()


def save(database: Database, *threads: StoredThread) -> None:
    with database.write() as connection:
        for thread in threads:
            save_thread(connection, SERVICE.key, thread, 1.0)


def test_what_is_open_is_repeated_from_the_start_on(database: Database) -> None:
    save(database, StoredThread("a", 1, True, "A"), StoredThread("b", 2, True, "B"))
    clock, sink = FakeClock(), Fake()
    keeper = KeepAlive(SERVICE, sink, database, clock)

    assert keeper.step() == 60.0
    clock.advance(59)
    assert keeper.step() == 1.0
    save(database, StoredThread("a", 3, False, None))
    clock.advance(1)
    assert keeper.step() == 60.0
    assert sink.kept == [["A", "B"], ["B"]]


def test_with_nothing_open_nothing_is_sent(database: Database) -> None:
    sink = Fake()
    KeepAlive(SERVICE, sink, database, FakeClock()).step()

    assert sink.kept == []


def test_a_failure_is_said_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    save(database, StoredThread("a", 1, True, "A"))
    bad = Outcome(delivered=False, reason="no connection")
    clock = FakeClock()
    keeper = KeepAlive(SERVICE, Fake(bad, bad), database, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            keeper.step()
            clock.advance(60)

    assert [one.message for one in caplog.records] == ["open alerts not kept alive"]
