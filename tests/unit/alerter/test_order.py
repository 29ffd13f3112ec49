"""The alerts of a host go out in their order, and one that is stuck stops nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.memory import DELIVERED, MemorySink
from omprog_panic.sinks.sink import Outcome
from omprog_panic.spool.record import IncidentRecord
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World

A = make_service("a")
DOWN = Outcome(delivered=False, reason="error=503.")
REFUSED = Outcome(delivered=False, reason="error=400.", permanent=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [A])
    yield world
    world.database.close()


class Judging(MemorySink):
    """Answers by the number of the incident; keeps what was delivered."""

    def __init__(self, judge: Callable[[int], Outcome]) -> None:
        super().__init__()
        self.judge = judge
        self.delivered: list[int] = []
        self.asked: list[int] = []

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        assert file is None
        digits = body.partition("Alert:     ")[2][:8]
        number = int(digits, 16)
        self.asked.append(number)
        outcome = self.judge(number)
        if outcome.delivered:
            self.delivered.append(number)
        self.sent.append((subject, body))
        return outcome


def crash(number: int, host: int) -> IncidentRecord:
    return make_incident(number << 96, source=f"10.0.0.{host}")


def test_of_one_host_the_later_waits_for_the_earlier(world: World) -> None:
    world.receive(*(crash(number, 2) for number in range(1, 6)))
    answers = iter([DOWN, DOWN])
    sink = Judging(lambda _: next(answers, DELIVERED))
    world.run(world.agent(A, sink), 60)

    assert sink.asked == [1, 1, 1, 2, 3, 4, 5]


def test_another_host_does_not_wait(world: World) -> None:
    world.receive(crash(1, 2), crash(2, 2), crash(3, 3))
    failing = iter([DOWN])
    sink = Judging(lambda n: next(failing, DELIVERED) if n == 1 else DELIVERED)
    world.run(world.agent(A, sink), 60)

    assert sink.delivered[0] == 3
    assert sink.delivered.index(1) < sink.delivered.index(2)


def test_after_an_outage_each_host_has_its_order(world: World) -> None:
    world.receive(*(crash(number, number % 3) for number in range(1, 31)))
    back_at = world.clock.now + 7200
    sink = Judging(lambda _: DOWN if world.clock.now < back_at else DELIVERED)
    world.run(world.agent(A, sink), 7200 + 200)

    assert sorted(sink.delivered) == list(range(1, 31))
    for host in range(3):
        mine = [number for number in sink.delivered if number % 3 == host]
        assert mine == sorted(mine)


def test_a_message_that_alone_fails_holds_up_its_host_for_seconds(
    world: World,
) -> None:
    world.receive(*(crash(number, 2) for number in range(1, 5)))
    sink = Judging(lambda number: DOWN if number == 1 else DELIVERED)
    agent = world.agent(A, sink)
    world.run(agent, 15)

    assert sink.delivered == [2, 3, 4]
    assert sink.asked.count(1) <= 6
    world.receive(crash(5, 2))
    world.run(agent, 1)
    assert sink.delivered == [2, 3, 4, 5]


def test_in_an_outage_two_messages_are_tried_at_most(world: World) -> None:
    world.receive(*(crash(number, 2) for number in range(1, 11)))
    sink = Judging(lambda _: DOWN)
    world.run(world.agent(A, sink), 600)

    assert set(sink.asked) == {1, 2}
    assert len(sink.asked) < 40


def test_a_refused_message_lets_the_next_go_first(world: World) -> None:
    world.receive(crash(1, 2), crash(2, 2))
    refusals = iter([REFUSED])
    sink = Judging(lambda n: next(refusals, DELIVERED) if n == 1 else DELIVERED)
    agent = world.agent(A, sink)
    world.run(agent, 1)
    assert sink.delivered == [2]

    world.run(agent, 80)
    assert sink.delivered == [2, 1]
