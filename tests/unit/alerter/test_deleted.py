"""What an administrator deletes while it is still of use to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.clock import rfc3339
from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.sink import Outcome
from omprog_panic.store import retention
from omprog_panic.store.schema import NOTIFICATIONS, OUTBOX
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service()], policy={})
    yield world
    world.database.close()


def crash(world: World, number: int, host: int) -> None:
    at = rfc3339(world.clock.now)
    records = tuple(item._replace(at=at) for item in make_incident().records)
    world.receive(
        make_incident(number, source=f"10.0.0.{host}", records=records, boot=f"b{host}")
    )


def delete(world: World, number: int) -> None:
    with world.database.write() as connection:
        retention.delete_incidents(connection, [f"{number:032x}"])


def kinds(world: World) -> list[tuple[str, str | None]]:
    with world.database.read() as connection:
        rows = list(connection.execute(NOTIFICATIONS.select()))
    return [(row.kind, row.incident_id) for row in rows]


def test_a_follow_up_comes_without_the_trace_of_a_deleted_incident(
    world: World,
) -> None:
    crash(world, 1, 2)
    crash(world, 2, 3)
    delete(world, 1)
    world.clock.advance(400)
    world.runner.tick(world.database)
    sink = MemorySink()
    world.run(world.agent(world.services[0], sink), 10)

    assert kinds(world) == [("follow-up", None)]
    [(subject, _)] = sink.sent
    assert "1 more host" in subject


def test_a_first_alert_that_still_waits_dies_with_its_incident(tmp_path: Path) -> None:
    grouping = {"group_wait_s": 60}
    world = World(tmp_path, [make_service()], policy={"grouping": grouping})
    crash(world, 1, 2)
    delete(world, 1)
    world.clock.advance(61)
    world.runner.tick(world.database)

    assert kinds(world) == []
    world.database.close()


@pytest.mark.parametrize("delivered", [True, False])
def test_an_alert_deleted_while_it_is_sent_holds_up_no_other(
    world: World, *, delivered: bool
) -> None:
    class Deleting(MemorySink):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            if not self.sent:
                delete(world, 1)
            return super().send(subject, body, file)

    crash(world, 1, 2)
    sink = Deleting(Outcome(delivered=delivered, reason="error=503."))
    agent = world.agent(world.services[0], sink)
    world.run(agent, 100)
    world.clock.advance(7 * 3600)
    crash(world, 2, 3)
    world.run(agent, 100)

    assert len(sink.sent) == 2
    with world.database.read() as connection:
        assert [row.state for row in connection.execute(OUTBOX.select())] == ["sent"]
