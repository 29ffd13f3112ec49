from __future__ import annotations

from omprog_panic.admin.causes import (
    cause_of,
    causes_of,
    describe_cause,
    open_causes,
    state_of,
)
from tests.policies import DBA, OPS, Scene

HELD = "cause-a: panic: sysrq triggered crash on 10.0.0.3, db-07 since 2026-"


def test_an_open_cause_names_its_hosts_and_who_has_it() -> None:
    scene = Scene([OPS, DBA])
    scene.crash(2)
    scene.crash(3)
    [cause] = open_causes(scene.engine.memory)
    assert describe_cause(cause).startswith(HELD)
    assert describe_cause(cause).endswith(", firing")
    scene.ack(seconds=3600)

    [cause] = open_causes(scene.engine.memory)
    assert cause.state == "acknowledged"
    assert cause.held.startswith("anna until 2026-")
    assert cause.held.endswith("UTC: on it")
    body = cause.to_json()
    assert (body["hosts"], body["crashes"]) == (["10.0.0.3", "db-07"], 2)
    assert body["acknowledged"]["author"] == "anna"


def test_the_oldest_cause_is_first() -> None:
    scene = Scene()
    scene.crash(2, "cause-b")
    scene.wait(10)
    scene.crash(3)

    assert [c.cause for c in open_causes(scene.engine.memory)] == ["cause-b", "cause-a"]


def test_an_incident_belongs_to_the_open_cause_that_it_was_counted_for() -> None:
    scene = Scene()
    scene.wait(100)
    before = scene.wall - 60
    scene.crash(2)
    memory = scene.engine.memory

    assert cause_of(memory, "cause-a", "10.0.0.2", scene.wall) is not None
    assert cause_of(memory, "cause-a", "10.0.0.2", before) is None
    assert cause_of(memory, "cause-a", "10.0.0.9", scene.wall) is None
    assert cause_of(memory, "cause-b", "10.0.0.2", scene.wall) is None


def test_an_incident_without_an_open_cause_is_resolved_if_anybody_knew_of_it() -> None:
    assert state_of(None, "NOTIFY_FIRST") == "resolved"
    assert state_of(None, "SUPPRESS_GROUP") == "resolved"
    assert state_of(None, "STORE_DIGEST") is None


def test_drills_and_loops_are_causes_of_their_own() -> None:
    assert causes_of("8b0c", "10.0.0.2") == (
        "8b0c", "host:10.0.0.2", "drill:8b0c", "drill:host:10.0.0.2",
    )  # fmt: skip
