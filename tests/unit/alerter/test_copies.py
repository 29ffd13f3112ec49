"""How many copies of one message a person can get, whatever a service does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.sink import Outcome
from omprog_panic.store import outbox
from omprog_panic.store.outbox_admin import list_entries, resend
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World

A = make_service("a")
DAY_S = 86400.0
UNKNOWN = Outcome(delivered=False, reason="HTTP 502", in_doubt=True)
REFUSED = Outcome(delivered=False, reason="no such channel", permanent=True)
DOWN = Outcome(delivered=False, reason="refused")


class AlwaysSink(MemorySink):
    """Has each message, and answers with one outcome."""

    def __init__(self, outcome: Outcome, only: str = "") -> None:
        super().__init__()
        self.outcome, self.only = outcome, only

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        delivered = super().send(subject, body, file)
        return self.outcome if self.only in subject else delivered


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [A])
    yield world
    world.database.close()


def test_a_service_that_has_it_and_says_no_gets_ten_copies_a_day(
    world: World,
) -> None:
    world.receive(make_incident())
    sink = AlwaysSink(UNKNOWN)
    world.run(world.agent(A, sink), DAY_S - 60)

    assert 8 <= len(sink.sent) <= 10
    assert "Sent again" not in sink.sent[0][1]
    first = "the first time, 1970-01-12 13:46:40 UTC"
    assert all(first in body for _, body in sink.sent[1:])
    reason = f"HTTP 502 ({len(sink.sent)} of these may have arrived)"
    assert world.events[-1].fields["reason"] == reason


def test_messages_that_arrive_do_not_bring_the_one_in_doubt_again(
    world: World,
) -> None:
    world.receive(make_incident(1, source="10.0.0.9"))
    sink = AlwaysSink(UNKNOWN, only="10.0.0.9")
    agent = world.agent(A, sink)
    for number in range(2, 62):
        world.receive(make_incident(number, source="10.0.0.3"))
        world.run(agent, 60)

    copies = [subject for subject, _ in sink.sent if "10.0.0.9" in subject]
    assert len(sink.sent) - len(copies) == 60
    assert len(copies) <= 6


def test_what_only_people_can_end_is_tried_less_and_less(world: World) -> None:
    world.receive(make_incident())
    sink = AlwaysSink(REFUSED)
    world.run(world.agent(A, sink), DAY_S - 60)

    assert 24 <= len(sink.sent) <= 32
    assert "Sent again" not in sink.sent[-1][1]


def test_a_service_that_was_down_gets_the_message_soon_and_unmarked(
    world: World,
) -> None:
    world.receive(make_incident())
    sink = AlwaysSink(DOWN)
    agent = world.agent(A, sink)
    world.run(agent, 3600)
    sink.outcome = Outcome(delivered=True)
    world.run(agent, 75)

    assert world.names()[-1] == "delivered"
    assert "Sent again" not in sink.sent[-1][1]


def test_an_alerter_that_dies_at_each_attempt_sends_ten_copies_a_day(
    world: World,
) -> None:
    class DyingSink(MemorySink):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            super().send(subject, body, file)
            raise KeyboardInterrupt

    world.receive(make_incident())
    sink, end = DyingSink(), world.clock.now + DAY_S - 60
    while world.clock.now < end:
        agent = world.agent(A, sink)
        try:
            while world.clock.now < end:
                world.clock.advance(min(agent.step(), 30.0))
        except KeyboardInterrupt:
            world.clock.advance(5)  # systemd starts it again
            with world.database.write() as connection:
                outbox.release_leases(connection, "me", world.clock.now)

    assert 8 <= len(sink.sent) <= 10


def test_a_message_that_people_ask_for_again_is_marked(world: World) -> None:
    world.receive(make_incident())
    sink = MemorySink()
    agent = world.agent(A, sink)
    world.run(agent, 60)
    with world.database.write() as connection:
        [entry] = list_entries(connection, ["sent"], 10)
        resend(connection, entry.notification_id, {A.key: A.label}, world.clock.now)
    world.run(agent, 60)

    first, second = (body for _, body in sink.sent)
    assert second.endswith(first)
    assert second.startswith("Sent again: the first time, 1970-01-12 13:46:40 UTC")


def test_a_clock_that_falls_back_delays_nothing(world: World) -> None:
    world.receive(make_incident())
    sink = AlwaysSink(UNKNOWN)
    agent = world.agent(A, sink)
    world.run(agent, 3600)
    before = len(sink.sent)
    world.clock.now -= 30 * DAY_S
    world.run(agent, 60)

    assert len(sink.sent) == before + 1
