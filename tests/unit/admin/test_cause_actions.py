"""Acknowledging and resolving, through the store, with a running alerter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omprog_panic.admin.cause_actions import CauseOrder, order
from omprog_panic.admin.causes import open_causes
from omprog_panic.admin.incidents import load_incident
from omprog_panic.admin.search import IncidentQuery, list_incidents
from omprog_panic.admin.status import collect_status
from omprog_panic.alerter.policy_memory import open_memory, replay_log
from omprog_panic.clock import SystemClock
from omprog_panic.config.model import Paths
from omprog_panic.errors import OmprogPanicError
from omprog_panic.policy.event import CauseAction
from omprog_panic.store.decisions import decisions_on
from omprog_panic.store.policy_store import load_log
from tests.builders import make_incident, make_service
from tests.unit.alerter.worlds import World

A, B = make_incident(0xAAAA << 112), make_incident(0xBBBB << 112)
ACK = CauseOrder(CauseAction.ACKNOWLEDGE, "anna", "on it", 3600)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, [make_service("a")], policy={})
    world.clock.now = SystemClock().wall()
    world.receive(A)
    yield world
    world.database.close()


@pytest.fixture
def paths(world: World) -> Paths:
    return Paths(world.spool, world.location, world.folder, world.folder)


def kinds(world: World) -> list[str]:
    with world.database.read() as connection:
        return [row.decision for row in decisions_on(connection, A.id, STEPS)]


STEPS = ("NOTIFY_ACKNOWLEDGED", "NOTIFY_UNACKNOWLEDGED", "NOTIFY_RESOLVED")


def test_an_incident_is_acknowledged_given_back_and_resolved(
    world: World, paths: Paths
) -> None:
    found = order(paths, "aaaa", ACK)
    assert found.state == "firing"
    [listed] = list_incidents(world.location, IncidentQuery()).rows
    assert listed.state == "firing"  # the alerter has not run
    world.runner.tick(world.database)
    [listed] = list_incidents(world.location, IncidentQuery()).rows
    assert listed.state == "acknowledged"
    details = load_incident(world.location, "aaaa")
    assert details.acknowledged is not None
    assert details.acknowledged.author == "anna"
    [cause] = collect_status(paths).store.causes
    assert cause.held.startswith("anna until")

    order(paths, found.cause, CauseOrder(CauseAction.UNACKNOWLEDGE, "anna"))
    world.runner.tick(world.database)
    order(paths, found.cause[:6], CauseOrder(CauseAction.RESOLVE, "grace", "done"))
    world.runner.tick(world.database)

    assert kinds(world) == [
        "NOTIFY_FIRST", "NOTIFY_ACKNOWLEDGED", "NOTIFY_UNACKNOWLEDGED",
        "NOTIFY_RESOLVED",
    ]  # fmt: skip
    [listed] = list_incidents(world.location, IncidentQuery()).rows
    assert listed.to_json()["state"] == "resolved"
    shown = [
        row.decision.decision for row in load_incident(world.location, "aaaa").decisions
    ]
    assert shown == kinds(world)


def test_commands_are_in_the_log_of_the_policy(world: World, paths: Paths) -> None:
    order(paths, "aaaa", ACK)
    world.runner.tick(world.database)
    with world.database.read() as connection:
        decided = replay_log(load_log(connection))

    assert [record.decision.value for record in decided][-1] == "NOTIFY_ACKNOWLEDGED"


def test_a_command_waits_for_an_alerter_that_is_stopped(
    world: World, paths: Paths
) -> None:
    order(paths, "aaaa", ACK)
    world.runner.forget()  # and it starts again
    world.runner.tick(world.database)
    world.runner.tick(world.database)

    with world.database.read() as connection:
        [cause] = open_causes(open_memory(connection))
    assert cause.state == "acknowledged"
    assert kinds(world).count("NOTIFY_ACKNOWLEDGED") == 1


def test_what_nobody_has_cannot_be_given_back(world: World, paths: Paths) -> None:
    back = CauseOrder(CauseAction.UNACKNOWLEDGE, "anna")
    with pytest.raises(OmprogPanicError, match="nobody has acknowledged it"):
        order(paths, "aaaa", back)
    order(paths, "aaaa", ACK)

    assert order(paths, "aaaa", back).cause  # although the alerter has not run
    with pytest.raises(OmprogPanicError, match="nobody has acknowledged it"):
        order(paths, "aaaa", back)
    assert world.database.has_alerter() is False


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("cccc", "no incident has an id that begins with 'cccc'"),
        ("", "no incident has an id"),
    ],
)
def test_what_is_meant_must_be_there(paths: Paths, target: str, words: str) -> None:
    with pytest.raises(OmprogPanicError, match=words):
        order(paths, target, ACK)


def test_what_is_resolved_cannot_be_acknowledged(world: World, paths: Paths) -> None:
    order(paths, "aaaa", CauseOrder(CauseAction.RESOLVE, "anna"))
    world.runner.tick(world.database)

    with pytest.raises(OmprogPanicError, match="the cause of aaaa is not open"):
        order(paths, "aaaa", ACK)
