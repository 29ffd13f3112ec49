"""Fallback services, dead letters and retention, in fake time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.alerter.clock_watch import ClockWatch
from omprog_panic.alerter.dispatch import (
    NOTICE_EVERY_S,
    notify_test,
    report_dead_letters,
)
from omprog_panic.alerter.maintenance import Maintenance
from omprog_panic.config.model import Fallback
from omprog_panic.render.fitting import Attachment
from omprog_panic.sinks.memory import DELIVERED, MemorySink
from omprog_panic.sinks.sink import Outcome
from omprog_panic.store import dead_letters, incidents
from omprog_panic.store.schema import INCIDENTS, OUTBOX, TRACES
from tests.backends import EMBEDDED
from tests.builders import make_incident, make_service, name_of
from tests.unit.alerter.worlds import RETRY_FOR_S, World

OPS, MAIL = make_service("ops"), make_service("mail", tags=frozenset({"ops", "m"}))
STANDBY = make_service("standby")
DOWN = Outcome(delivered=False, reason="error=503.")
DAY_S = 86400.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [OPS, STANDBY])
    yield world
    world.database.close()


class Unreachable(MemorySink):
    """Down for a number of seconds."""

    def __init__(self, world: World, seconds: float) -> None:
        super().__init__()
        self._clock, self._until = world.clock, world.clock.now + seconds

    def send(self, subject: str, body: str, file: Attachment | None = None) -> Outcome:
        super().send(subject, body, file)
        return DOWN if self._clock.now < self._until else DELIVERED


def states(world: World, key: str) -> list[str]:
    query = sa.select(OUTBOX.c.state).where(OUTBOX.c.service_key == key)
    with world.database.read() as connection:
        return list(connection.execute(query.order_by(OUTBOX.c.id)).scalars())


def stored(world: World) -> int:
    with world.database.read() as connection:
        return incidents.count_incidents(connection)


def test_the_fallback_service_is_notified_when_the_first_fails_too_long(
    world: World,
) -> None:
    maintenance = world.maintenance(Fallback("ops", "standby", 300))
    world.receive(make_incident(1))
    first, second = Unreachable(world, 1e9), MemorySink()
    world.run(world.agent(OPS, first), 299)
    assert not maintenance.escalate()
    assert states(world, STANDBY.key) == []

    world.run(world.agent(OPS, first), 2)
    assert maintenance.escalate()
    assert not maintenance.escalate()
    world.run(world.agent(STANDBY, second), 1)
    [(_, body)] = second.sent
    assert body.startswith(
        f"Sent here because it could not be delivered to {OPS.label}"
    )
    assert states(world, OPS.key) == ["waiting"]  # the first is still tried


def test_one_service_that_accepted_it_is_enough(world: World) -> None:
    world.services[:] = [OPS, MAIL, STANDBY]
    maintenance = world.maintenance(Fallback("ops", "standby", 300))
    world.receive(make_incident(1))
    world.run(world.agent(MAIL, MemorySink()), 1)
    world.run(world.agent(OPS, Unreachable(world, 1e9)), 1000)

    assert not maintenance.escalate()


def test_down_for_26_hours_one_service_loses_the_oldest_and_others_are_notified(
    world: World,
) -> None:
    maintenance = world.maintenance()
    down, up = Unreachable(world, 26 * 3600), MemorySink()
    ops, standby = world.agent(OPS, down), world.agent(STANDBY, up)
    world.receive(make_incident(1 << 96, source="10.0.0.1"))
    for hour in range(27):
        if hour == 10:
            world.receive(make_incident(2 << 96, source="10.0.0.2"))
        world.run(ops, 3600)
        maintenance.run()
        world.run(standby, 0)

    assert states(world, OPS.key) == ["dead", "sent"]
    assert states(world, STANDBY.key) == ["sent", "sent", "sent"]
    subject, body = up.sent[-1]
    assert subject == f"UNDELIVERED 1 alert: service {OPS.label}"
    assert "00000001" in body
    assert "error=503." in body
    assert len(down.sent) < 26 * 60 * 2.6  # one a minute, for two that wait


def test_many_dead_give_one_notice_and_later_ones_another(world: World) -> None:
    maintenance = world.maintenance()
    world.clock.advance(-(world.clock.now % NOTICE_EVERY_S))
    world.receive(*(make_incident(number << 96) for number in range(1, 80)))
    for wanted in (1, 1, 2):
        with world.database.write() as connection:
            dead = sa.update(OUTBOX).where(OUTBOX.c.service_key == OPS.key)
            done = dead.where(OUTBOX.c.id <= 20 * wanted, OUTBOX.c.state == "waiting")
            connection.execute(done.values(state="dead", last_reason="x"))
        maintenance.escalate()
        notices = list(states(world, STANDBY.key))[79:]
        assert len(notices) == wanted
        world.clock.advance(NOTICE_EVERY_S / 2 + 1)


def test_a_dead_alert_names_its_host_as_other_messages_do(world: World) -> None:
    world.receive(make_incident(1 << 96, source="10.0.0.9", host="db-07"))
    names = name_of({"10.0.0.2": "db-07"})
    with world.database.write() as connection:
        dead = sa.update(OUTBOX).where(OUTBOX.c.service_key == OPS.key)
        connection.execute(dead.values(state="dead", last_reason="x"))
        report_dead_letters(connection, [OPS, STANDBY], world.clock.now, names)
    sink = MemorySink()
    world.run(world.agent(STANDBY, sink), 1)

    assert "self-named db-07: " in sink.sent[-1][1]


def test_a_dead_message_about_no_crash_is_named_by_its_kind(
    world: World,
) -> None:
    with world.database.write() as connection:
        notify_test(connection, [OPS], world.clock.now)
        connection.execute(sa.update(OUTBOX).values(state="dead"))
    assert world.maintenance().escalate()
    sink = MemorySink()
    world.run(world.agent(STANDBY, sink), 1)

    assert "-: test" in sink.sent[0][1]


def test_a_dead_letter_of_the_only_service_stays_unreported(world: World) -> None:
    world.services[:] = [OPS]
    maintenance = world.maintenance()
    world.receive(make_incident(1))
    with world.database.write() as connection:
        connection.execute(sa.update(OUTBOX).values(state="dead"))

    assert not maintenance.escalate()
    with world.database.read() as connection:
        assert len(dead_letters.unreported(connection)) == 1


def test_a_clock_that_jumps_ahead_gives_nothing_up(world: World) -> None:
    maintenance = world.maintenance()
    world.receive(make_incident(1))
    sink = Unreachable(world, 10 * 365 * DAY_S + 60)
    agent = world.agent(OPS, sink)
    world.run(agent, 5)
    world.clock.now += 10 * 365 * DAY_S
    maintenance.run()
    world.run(agent, 120)

    assert states(world, OPS.key) == ["sent"]


def test_a_clock_that_falls_back_delays_nothing(world: World) -> None:
    maintenance = world.maintenance(Fallback("ops", "standby", 300))
    world.receive(make_incident(1))
    agent = world.agent(OPS, MemorySink(*[DOWN] * 1000))
    world.run(agent, 5)
    world.clock.now -= 10 * 365 * DAY_S
    maintenance.escalate()
    world.run(agent, 301)

    assert maintenance.escalate()
    assert states(world, STANDBY.key) == ["waiting"]


YEARS_S = 3 * 365 * DAY_S


@pytest.mark.parametrize("before_s", [5, 3 * 3600])
def test_rows_of_a_clock_years_behind_are_not_given_up_when_it_is_set(
    world: World, before_s: float
) -> None:
    maintenance = world.maintenance()
    world.receive(make_incident(1))
    agent = world.agent(OPS, Unreachable(world, YEARS_S + before_s + 12 * 3600))
    world.run(agent, before_s)
    world.clock.now += YEARS_S
    maintenance.run()
    world.run(agent, 13 * 3600)

    assert states(world, OPS.key) == ["sent"]


def test_rows_of_a_clock_years_behind_are_given_up_a_day_after_it_was_set(
    world: World,
) -> None:
    world.receive(make_incident(1))
    agent = world.agent(OPS, Unreachable(world, 1e9))
    world.run(agent, 3600)
    world.clock.now += YEARS_S
    world.run(agent, RETRY_FOR_S - 120)
    assert states(world, OPS.key) == ["waiting"]

    world.run(agent, 240)
    assert states(world, OPS.key) == ["dead"]


def test_rows_of_a_clock_years_ahead_are_given_up_a_day_after_it_was_set(
    world: World,
) -> None:
    maintenance = world.maintenance()
    world.clock.now += YEARS_S
    world.receive(make_incident(1))
    agent = world.agent(OPS, Unreachable(world, 1e9))
    world.run(agent, 3600)
    world.clock.now -= YEARS_S
    maintenance.escalate()
    world.run(agent, RETRY_FOR_S - 120)
    assert states(world, OPS.key) == ["waiting"]

    world.run(agent, 240)
    assert states(world, OPS.key) == ["dead"]


def test_a_start_with_a_clock_years_ahead_gives_nothing_up(tmp_path: Path) -> None:
    world = World(tmp_path, [OPS])
    world.receive(make_incident(1))
    world.run(world.agent(OPS, Unreachable(world, 1e9)), 3600)
    world.clock.now += YEARS_S  # while the alerter was down
    world.clock_watch = ClockWatch(world.clock)
    agent = world.agent(OPS, Unreachable(world, 1e9))
    world.run(agent, 3600)
    world.clock.now -= YEARS_S
    world.run(agent, 3600)

    assert states(world, OPS.key) == ["waiting"]
    world.database.close()


def test_a_clock_that_is_set_ahead_passes_nothing_on_early(world: World) -> None:
    maintenance = world.maintenance(Fallback("ops", "standby", 300))
    world.receive(make_incident(1))
    agent = world.agent(OPS, MemorySink(*[DOWN] * 1000))
    world.run(agent, 5)
    world.clock.now += YEARS_S
    assert not maintenance.escalate()
    world.run(agent, 290)
    assert not maintenance.escalate()

    world.run(agent, 10)
    assert maintenance.escalate()


def test_what_is_old_is_deleted_but_nothing_undelivered(world: World) -> None:
    maintenance = world.maintenance(incidents_days=30)
    world.receive(*(make_incident(number << 96) for number in range(1, 4)))
    with world.database.write() as connection:
        for row, state in enumerate(
            ("sent", "sent", "sent", "waiting", "dead", "dead")
        ):
            update = sa.update(OUTBOX).where(OUTBOX.c.id == row + 1)
            connection.execute(update.values(state=state))
    world.clock.advance(29 * DAY_S)
    maintenance.prune()
    assert stored(world) == 3

    world.clock.advance(2 * DAY_S)
    maintenance.prune()
    with world.database.read() as connection:
        left = list(connection.execute(sa.select(INCIDENTS.c.id)).scalars())
        traces = list(connection.execute(sa.select(TRACES.c.incident_id)).scalars())
    assert left == traces == [f"{n << 96:032x}" for n in (2, 3)]


def run_for(maintenance: Maintenance, world: World, hours: float) -> None:
    for _ in range(int(hours * 3)):
        maintenance.run()
        world.clock.advance(1200)


def delivered(world: World) -> None:
    with world.database.write() as connection:
        connection.execute(sa.update(OUTBOX).values(state="sent"))


@pytest.mark.parametrize("years", [40, 1])
def test_a_wrong_clock_at_start_deletes_nothing(world: World, years: int) -> None:
    world.receive(make_incident())
    delivered(world)
    right = world.clock.now
    world.clock.now += years * 365 * DAY_S  # an empty battery
    maintenance = world.maintenance(incidents_days=30)
    run_for(maintenance, world, 5)
    assert stored(world) == 1

    world.clock.now = right + 5 * 3600  # put right
    run_for(maintenance, world, 48)
    assert stored(world) == 1


def test_a_clock_that_is_set_deletes_nothing_until_it_has_been_steady(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.receive(make_incident())
    delivered(world)
    maintenance = world.maintenance(incidents_days=30)
    run_for(maintenance, world, 24)
    world.clock.now += 31 * DAY_S
    run_for(maintenance, world, 5)
    assert stored(world) == 1
    assert "the clock was set: nothing is deleted or given up" in caplog.text

    run_for(maintenance, world, 2)
    assert stored(world) == 0


def test_after_a_reload_the_new_retention_holds(world: World) -> None:
    world.receive(make_incident())
    delivered(world)
    maintenance = world.maintenance(incidents_days=300)
    world.clock.now += 31 * DAY_S
    run_for(maintenance, world, 12)
    assert stored(world) == 1

    maintenance.config = world.maintenance(incidents_days=30).config
    run_for(maintenance, world, 1)
    assert stored(world) == 0


def test_too_much_is_deleted_oldest_first_and_its_space_is_returned(
    world: World,
) -> None:
    maintenance = world.maintenance(max_mb=1)
    for number in range(1, 61):
        world.clock.advance(1)
        texts = make_incident().records * 100
        world.receive(make_incident(number << 96, records=texts))
    with world.database.write() as connection:
        connection.execute(sa.update(OUTBOX).values(state="sent"))
    before = EMBEDDED.allocated_bytes(world.location)
    assert before > 2_000_000
    maintenance.prune()

    assert 0 < stored(world) < 60
    with world.database.read() as connection:
        oldest = connection.execute(sa.select(sa.func.min(INCIDENTS.c.id))).scalar_one()
    assert int(oldest, 16) >> 96 == 61 - stored(world)
    assert EMBEDDED.allocated_bytes(world.location) < before * 0.75


def test_old_test_alerts_and_attempts_go_before_the_incidents(world: World) -> None:
    maintenance = world.maintenance()
    world.receive(make_incident(1))
    with world.database.write() as connection:
        notify_test(connection, [OPS], world.clock.now)
    for service in (OPS, STANDBY):
        world.run(world.agent(service, MemorySink()), 1)
    world.clock.advance(91 * DAY_S)
    maintenance.prune()

    assert stored(world) == 1
    assert states(world, OPS.key) == ["sent"]


def test_rows_of_a_removed_service_are_given_up_in_time(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.receive(make_incident(1))
    world.services[:] = [STANDBY]
    maintenance = world.maintenance()
    world.clock.advance(2 * RETRY_FOR_S + 1)
    maintenance.prune()

    assert states(world, OPS.key) == ["dead"]
    assert states(world, STANDBY.key) == ["waiting"]
    assert "their services are not configured any more" in caplog.text


def test_what_another_service_accepted_is_no_dead_letter_of_a_removed_one(
    world: World,
) -> None:
    world.receive(make_incident(1))
    world.run(world.agent(STANDBY, MemorySink()), 1)
    world.services[:] = [STANDBY]
    maintenance = world.maintenance()
    world.clock.advance(2 * RETRY_FOR_S + 1)
    maintenance.prune()
    maintenance.escalate()

    assert states(world, OPS.key) == ["dropped"]
    assert states(world, STANDBY.key) == ["sent"]


def test_the_reason_says_that_the_service_was_removed(world: World) -> None:
    world.receive(make_incident(1))
    world.services[:] = [STANDBY]
    world.clock.advance(2 * RETRY_FOR_S + 1)
    world.maintenance().prune()

    with world.database.read() as connection:
        reasons = [r.last_reason for r in connection.execute(OUTBOX.select())]
    assert reasons == ["its service is not configured any more", None]
