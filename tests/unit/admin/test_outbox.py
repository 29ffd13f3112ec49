from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.outbox import drop_outbox, list_outbox, retry_outbox
from omprog_panic.alerter.dispatch import notify_test
from omprog_panic.cli.outbox import COLUMNS
from omprog_panic.cli.output import print_table
from omprog_panic.config.model import Paths
from omprog_panic.errors import OmprogPanicError
from omprog_panic.store import outbox
from omprog_panic.store.connect import existing_database
from tests.builders import make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Paths]:
    """A store with two pending deliveries."""
    world = World(tmp_path, [make_service("a"), make_service("b")])
    with world.database.write() as connection:
        notify_test(connection, world.services, world.clock.now)
    yield Paths(world.spool, world.location, world.folder, world.folder)
    world.database.close()


def test_pending_deliveries_are_listed_until_they_are_dropped(paths: Paths) -> None:
    first, second = list_outbox(paths, 10)
    assert {first.entry.state, second.entry.state} == {"waiting"}
    assert first.to_json()["service_label"] == first.entry.service_label

    assert drop_outbox(paths, [first.entry.id]) == 1
    assert list_outbox(paths, 10) == [second]
    states = [
        delivery.entry.state for delivery in list_outbox(paths, 10, finished=True)
    ]
    assert states == ["dropped", "waiting"]


def test_attempts_in_doubt_are_shown_in_text_and_json(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    with existing_database(paths.database) as database, database.write() as connection:
        outbox.defer(connection, 1, 0.0, "no answer", in_doubt=True)
    rows = [delivery.to_json() for delivery in list_outbox(paths, 10)]
    print_table(rows, COLUMNS)

    assert [row["in_doubt"] for row in rows] == [1, 0]
    assert "IN_DOUBT" in capsys.readouterr().out.upper().replace(" ", "_")


def test_all_can_be_retried_at_once(paths: Paths) -> None:
    assert retry_outbox(paths, None) == 2


def test_what_cannot_be_done_is_refused_with_the_ids(paths: Paths) -> None:
    with pytest.raises(OmprogPanicError, match="no delivery can be dropped: see"):
        drop_outbox(paths, None)
    with pytest.raises(
        OmprogPanicError, match="none of the deliveries 98, 99 can be sent again"
    ):
        retry_outbox(paths, [98, 99])
