"""A bad roll-out: hundreds of crashes of three causes wait in the spool at once."""

from __future__ import annotations

import collections
from pathlib import Path

import pytest
import sqlalchemy as sa

from omprog_panic.alerter.intake import BATCH, FIRST_BATCH
from omprog_panic.alerter.policy_runner import PolicyRunner
from omprog_panic.config.policy import parse_policy
from omprog_panic.errors import StoreError
from omprog_panic.kernel.analysis import analyze_trace
from omprog_panic.model import Record
from omprog_panic.spool.codec import encode
from omprog_panic.spool.record import IncidentRecord
from omprog_panic.store.connect import open_database
from omprog_panic.store.schema import DECISIONS, INCIDENTS, NOTIFICATIONS, OUTBOX
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World

CRASHES = 500
CAUSES = ("sysrq triggered crash", "Fatal exception in interrupt", "hung_task: blocked")
SERVICES = ("ops", "night", "archive")


def storm_of(number: int) -> IncidentRecord:
    host, reason = number % 250, CAUSES[number % len(CAUSES)]
    texts = (
        f"Kernel panic - not syncing: {reason}",
        f"CPU: {number % 8} PID: {number} Comm: bash Not tainted 6.1.0-56-amd64 #1",
        "Call Trace:",
        " dump_stack_lvl+0x44/0x5c",
        f"---[ end Kernel panic - not syncing: {reason} ]---",
    )
    records = tuple(Record(text, 5_000_000 + n, n) for n, text in enumerate(texts))
    return make_incident(
        number, source=f"10.1.0.{host}", boot=f"b{number}", context=0, records=records
    )


def world_in(folder: Path) -> World:
    folder.mkdir(exist_ok=True)
    world = World(folder, [make_service(name) for name in SERVICES], policy={})
    world.intake.analyze = analyze_trace
    return world


def fill(world: World, crashes: int) -> None:
    # As publish() does, but without a sync to disk for each of them.
    for record in map(storm_of, range(crashes)):
        (world.spool / "new" / f"{record.id}.json").write_bytes(encode(record))


def counted(world: World, table: sa.Table) -> int:
    with world.database.read() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int(connection.execute(query).scalar_one())


def kinds(world: World) -> dict[str, int]:
    with world.database.read() as connection:
        return collections.Counter(
            connection.execute(sa.select(NOTIFICATIONS.c.kind)).scalars()
        )


def test_three_alerts_leave_with_the_first_small_batch_and_all_is_stored(
    tmp_path: Path,
) -> None:
    world = world_in(tmp_path)
    fill(world, CRASHES)

    # The first alerts wait for no more than a small transaction.
    assert world.intake.run_once() == FIRST_BATCH
    assert kinds(world) == {"incident": 3}
    assert counted(world, OUTBOX) == 3 * len(SERVICES)
    while world.intake.run_once():
        pass
    assert counted(world, INCIDENTS) == CRASHES
    assert world.spool_files() == 0
    assert kinds(world) == {"incident": 3}
    world.clock.advance(301)
    world.runner.tick(world.database)
    assert kinds(world) == {"incident": 3, "follow-up": 3}
    assert counted(world, OUTBOX) == 6 * len(SERVICES)
    world.database.close()


def test_a_storm_interrupted_at_every_batch_is_decided_alike(tmp_path: Path) -> None:
    decided = []
    for interrupted in (False, True):
        world = world_in(tmp_path / str(interrupted))
        fill(world, CRASHES)
        taken = 0
        while taken < CRASHES:
            if interrupted:
                refused_once(world)
            taken += world.intake.run_once()
        with world.database.read() as connection:
            rows = connection.execute(sa.select(DECISIONS).order_by(DECISIONS.c.id))
            decided.append([(r.subject, r.decision, r.reason) for r in rows])
        world.database.close()

    assert decided[0] == decided[1]
    assert len({subject for subject, _, _ in decided[0]}) == CRASHES


def refused_once(world: World) -> None:
    """Let a batch fail at its commit, and the alerter start anew after it."""
    before = world.spool_files()
    more = world.intake.more
    other = open_database(world.location)
    with other.write(), pytest.raises(StoreError, match="locked"):
        world.intake.run_once()
    other.close()
    assert world.spool_files() == before  # nothing goes that was not stored
    world.intake.more = more
    world.runner = PolicyRunner(world.clock, parse_policy({}), world.services)
    world.intake.runner = world.runner


def test_a_batch_is_bounded(tmp_path: Path) -> None:
    world = world_in(tmp_path)
    fill(world, FIRST_BATCH + BATCH + 1)

    sizes = [world.intake.run_once() for _ in range(4)]

    assert sizes == [FIRST_BATCH, BATCH, 1, 0]
    world.database.close()
