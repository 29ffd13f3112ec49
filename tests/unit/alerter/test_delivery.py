"""A agent in fake time: when it sends, what it records, when it gives up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.alerter.delivery import MAX_IDLE_S, DeliveryAgent, Worker
from omprog_panic.alerter.dispatch import notify_test
from omprog_panic.errors import StoreError
from omprog_panic.model import Record
from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.backoff import Backoff
from omprog_panic.sinks.memory import MemorySink
from omprog_panic.sinks.sink import Outcome
from omprog_panic.sinks.text import Attachments
from omprog_panic.store import outbox, outbox_admin
from omprog_panic.store.connect import open_database
from omprog_panic.store.schema import NOTIFICATION_LOG, OUTBOX
from tests.builders import make_incident, make_lone_incident, make_service
from tests.unit.alerter.worlds import RETRY_FOR_S, World

A, B = make_service("a"), make_service("b")
DOWN = Outcome(delivered=False, reason="error=503.")
REFUSED = Outcome(delivered=False, reason="error=403.", permanent=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [A, B])
    yield world
    world.database.close()


def states(world: World) -> dict[str, list[str]]:
    with world.database.read() as connection:
        rows = connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.id)).all()
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.service_key, []).append(row.state)
    return found


def test_an_alert_is_sent_once(world: World) -> None:
    world.receive(make_incident(0xABC))
    sink = MemorySink()
    agent = world.agent(A, sink)

    world.run(agent, 3600)

    [(subject, body)] = sink.sent
    assert subject.startswith("PANIC db-07 (10.0.0.2): ")
    assert "Alert:     00000000" in body
    assert states(world) == {A.key: ["sent"], B.key: ["waiting"]}
    assert world.names() == ["incident", "delivered"]


def test_without_work_it_idles(world: World) -> None:
    assert world.agent(A, MemorySink()).step() == MAX_IDLE_S


def test_a_receiver_down_for_a_minute_gets_its_alert_soon_afterwards_once(
    world: World,
) -> None:
    class Minute(MemorySink):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            super().send(subject, body, file)
            return DOWN if world.clock.now < back_at else Outcome(delivered=True)

    back_at = world.clock.now + 60
    world.receive(make_incident(1))
    sink = Minute()
    agent = world.agent(A, sink)

    world.run(agent, 95)
    assert states(world)[A.key] == ["sent"]
    delivered = world.events[-1]
    assert delivered.name == "delivered"
    assert delivered.fields["attempt"] == len(sink.sent) <= 8
    assert len(set(sink.sent)) == 1  # every copy is the same
    world.run(agent, 3600)
    assert world.names().count("delivered") == 1


def test_of_two_services_the_broken_one_is_retried_alone(world: World) -> None:
    world.receive(make_incident(1))
    good, broken = MemorySink(), MemorySink(*[DOWN] * 4)
    for agent in (world.agent(A, good), world.agent(B, broken)):
        world.run(agent, 30)

    assert (len(good.sent), len(broken.sent)) == (1, 5)
    assert states(world) == {A.key: ["sent"], B.key: ["sent"]}


def test_what_waited_goes_at_once_when_the_service_answers_again(
    world: World,
) -> None:
    world.receive(*(make_incident(n, source=f"10.0.0.{n}") for n in range(1, 6)))
    sink = MemorySink(*[DOWN] * 7)
    agent = world.agent(A, sink)

    # A service in trouble is asked by one message at a time, not by all that wait.
    world.run(agent, 1 + 2 + 4 + 8 + 16 + 32 + 60 - 1)
    assert len(sink.sent) == 7
    world.run(agent, 2)
    assert states(world)[A.key] == ["sent"] * 5


def test_a_refused_message_waits_long_and_holds_up_no_other(world: World) -> None:
    world.receive(make_incident(1), make_incident(2))
    sink = MemorySink(REFUSED)
    agent = world.agent(A, sink)

    world.run(agent, 1)
    assert states(world)[A.key] == ["waiting", "sent"]
    world.run(agent, 62)
    assert states(world)[A.key] == ["sent", "sent"]


def test_after_a_day_it_is_given_up_and_said(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.backoff = Backoff(1.0, 3600.0)
    world.receive(make_incident(1))
    agent = world.agent(A, MemorySink(*[DOWN] * 100))
    with caplog.at_level(logging.INFO, "omprog_panic"):
        world.run(agent, RETRY_FOR_S + 4000)

    assert states(world)[A.key] == ["dead"]
    assert world.events[-1].name == "dead"
    assert world.events[-1].fields["reason"] == "error=503."
    levels = [r.levelname for r in caplog.records if "alert" in r.getMessage()]
    # One warning for the reason, none for its repeats; an error at the end.
    assert levels == ["WARNING", "ERROR"]


def test_a_new_reason_is_told_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.receive(make_incident(1))
    other = Outcome(delivered=False, reason="error=500.")
    agent = world.agent(A, MemorySink(DOWN, DOWN, other))
    world.run(agent, 30)

    reasons = [r.__dict__["reason"] for r in caplog.records if r.levelname == "WARNING"]
    assert reasons == ["error=503.", "error=500."]


def test_a_service_with_a_limit_gets_head_and_tail(world: World) -> None:
    lines = [Record(f"line {number}", number) for number in range(500)]
    world.receive(make_incident(1, records=tuple(lines), context=200))
    sink = MemorySink(text_limit=1000)
    world.run(world.agent(A, sink), 1)

    [(subject, body)] = sink.sent
    assert 900 < len(subject) + 2 + len(body) <= 1000
    assert body.startswith("Host:      db-07")
    assert "line 199\n" not in body
    assert "line 200\n" in body
    assert "lines left out: see omprog-panic incidents show 00000000" in body
    assert body.endswith("line 499")


def test_a_file_follows_once_the_alert_is_recorded(world: World) -> None:
    seen: list[str] = []

    class Looks(MemorySink):
        def send_file(self, subject: str, file: Attachment) -> Outcome:
            with world.database.read() as connection:
                mine = sa.select(OUTBOX.c.state).where(OUTBOX.c.service_key == A.key)
                seen.extend(connection.execute(mine).scalars())
            return super().send_file(subject, file)

    world.receive(make_incident())
    sink = Looks(attachments=Attachments.AFTER)
    world.run(world.agent(A, sink), 60)

    assert seen == ["sent"]
    [file] = sink.sent_files
    assert file.name.endswith("-00000000.txt")
    assert "Call Trace:" in file.text


def test_a_refused_file_is_said_and_not_sent_again(world: World) -> None:
    world.receive(make_incident())
    sink = MemorySink(attachments=Attachments.AFTER, file_outcomes=[DOWN])
    world.run(world.agent(A, sink), 3600)

    assert world.names()[1:] == ["delivered", "file refused"]
    assert len(sink.sent) == len(sink.sent_files) == 1


def test_where_a_file_goes_along_there_is_one_message(world: World) -> None:
    world.receive(make_incident())
    sink = MemorySink(DOWN, attachments=Attachments.ALONG)
    world.run(world.agent(A, sink), 60)

    assert len(sink.sent) == len(sink.sent_files) == 2
    assert world.names()[1:] == ["deferred", "delivered"]


def test_asked_for_patience_the_whole_service_is_left_alone(world: World) -> None:
    busy = Outcome(delivered=False, reason="busy", retry_after_s=50)
    world.receive(make_incident(1), make_incident(2, source="10.0.0.9"))
    sink = MemorySink(busy)
    agent = world.agent(A, sink)
    world.run(agent, 45)
    assert len(sink.sent) == 1

    world.run(agent, 10)
    assert world.names().count("delivered") == 2


def test_what_somebody_asks_for_goes_while_a_service_is_left_alone(
    world: World,
) -> None:
    world.receive(make_incident(1), make_lone_incident(2))
    patience = Outcome(delivered=False, reason="error=429.", retry_after_s=1800)
    sink = MemorySink(patience)
    agent = world.agent(A, sink)
    world.run(agent, 60)
    assert len(sink.sent) == 1

    with world.database.write() as connection:
        assert outbox_admin.retry(connection, [1], world.clock.now) == 1
    world.run(agent, 1)
    assert len(sink.sent) == 3  # and what waited behind it
    assert states(world)[A.key] == ["sent", "sent"]


def test_a_test_alert_goes_while_a_service_is_left_alone(world: World) -> None:
    world.receive(make_incident(1))
    patience = Outcome(delivered=False, reason="error=429.", retry_after_s=1800)
    sink = MemorySink(patience, patience)
    agent = world.agent(A, sink)
    world.run(agent, 60)
    with world.database.write() as connection:
        notify_test(connection, [A], world.clock.now)
    world.run(agent, 60)

    assert [subject.split()[0] for subject, _ in sink.sent] == ["PANIC", "TEST"]


def test_an_outcome_that_cannot_be_recorded_is_not_sent_again(world: World) -> None:
    world.receive(make_incident(1))

    class LockAfterwards(MemorySink):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            other.write_lock = other.database.write()
            other.write_lock.__enter__()
            return super().send(subject, body, file)

    class Other:
        def __init__(self) -> None:
            self.database = open_database(world.location)
            self.write_lock = self.database.write()

    other = Other()
    sink = LockAfterwards()
    agent = world.agent(A, sink)
    with pytest.raises(StoreError, match="locked"):
        agent.step()
    with pytest.raises(StoreError, match="locked"):
        agent.step()
    other.write_lock.__exit__(None, None, None)
    other.database.close()

    world.run(agent, 600)
    assert len(sink.sent) == 1
    assert states(world)[A.key] == ["sent"]


def test_a_run_that_died_while_sending_is_repeated_under_the_same_id(
    world: World,
) -> None:
    class Dies(MemorySink):
        def send(
            self, subject: str, body: str, file: Attachment | None = None
        ) -> Outcome:
            super().send(subject, body, file)
            raise KeyboardInterrupt

    world.receive(make_incident(1))
    dying, living = Dies(), MemorySink()
    with pytest.raises(KeyboardInterrupt):
        world.agent(A, dying).step()
    agent = world.agent(A, living)
    world.run(agent, 80)
    assert living.sent == []  # the lease holds: the other may still be at it

    with world.database.write() as connection:
        outbox.release_leases(connection, "me", world.clock.now)
    world.run(agent, 1)
    [(subject, body)], [again] = dying.sent, living.sent
    mark = "Sent again: the first time, 1970-01-12 13:46:40 UTC, it may have"
    assert again[0] == subject
    assert again[1].startswith(mark)
    assert again[1].endswith(body)


def test_every_attempt_is_in_the_log(world: World) -> None:
    world.receive(make_incident(1))
    world.run(world.agent(A, MemorySink(DOWN)), 10)

    with world.database.read() as connection:
        rows = connection.execute(sa.select(NOTIFICATION_LOG)).all()
    assert [(r.attempt, r.delivered, r.reason) for r in rows] == [
        (1, False, "error=503."),
        (2, True, ""),
    ]


def test_a_test_alert_is_marked_as_one(world: World) -> None:
    with world.database.write() as connection:
        notification_id = notify_test(connection, [A], world.clock.now)
    sink = MemorySink()
    world.run(world.agent(A, sink), 1)

    [(subject, body)] = sink.sent
    assert subject.startswith("TEST ")
    assert body.startswith("TEST: this message was requested")
    assert notification_id[:8] in body


class _Counting(DeliveryAgent):
    def __init__(self, *results: float | Exception) -> None:
        self.results = list(results)
        self.done = threading.Event()

    def warm_up(self) -> None:
        raise ZeroDivisionError

    def step(self) -> float:
        if not self.results:
            self.done.set()
            return 1000.0
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def test_a_worker_survives_what_goes_wrong_and_says_it_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("omprog_panic.alerter.delivery.STORE_RETRY_S", 0.01)
    locked = StoreError("locked")
    agent = _Counting(0.0, locked, locked, ZeroDivisionError(), 0.0)
    worker = Worker(agent, "test")
    worker.start()
    assert agent.done.wait(10)
    worker.stop()
    worker.join(10)

    assert not worker.is_alive()
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["warm-up failed", "delivery waits", "delivery failed"]


def test_a_worker_is_woken_at_once() -> None:
    agent = _Counting(1000.0)
    worker = Worker(agent, "test")
    worker.start()
    worker.wake()

    assert agent.done.wait(10)
    worker.stop()
    worker.join(10)
