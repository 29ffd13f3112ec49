"""What is known of an open cause."""

from __future__ import annotations

import pytest

from omprog_panic.clock import rfc3339
from omprog_panic.policy import lifecycle
from omprog_panic.policy.lifecycle import holder_of, open_rows, summary_of
from omprog_panic.policy.state.lifecycle import lifecycle_key
from tests.policies import DBA, OPS, Scene, facts

KEY = lifecycle_key("cause-a", "ops")


def test_hosts_kernels_and_the_worst_severity_are_counted() -> None:
    scene = Scene()
    scene.crash(2, severity="oops", panicked=False)
    scene.crash(3, kernel="6.12.0")
    scene.crash(3, kernel="6.12.0")
    row = scene.engine.memory.lifecycles.rows[KEY]

    assert row.seen.severity == "panic"
    assert row.seen.kernels == {"6.1.0-56-cloud-amd64": 1, "6.12.0": 1}
    summary = summary_of(row)
    assert (summary.all_hosts, summary.all_crashes) == (2, 3)
    assert summary.first_host == "db-07"


def test_a_cause_has_a_life_cycle_at_each_of_its_services() -> None:
    scene = Scene([OPS, DBA])
    scene.crash()
    memory = scene.engine.memory

    cause = memory.causes.rows["cause-a"]
    assert [row.service for row in open_rows(memory, cause)] == ["ops", "dba"]
    assert holder_of(memory, "cause-a") is None
    assert holder_of(memory, "cause-b") is None


def test_it_begins_with_the_incident_that_is_notified_first() -> None:
    scene = Scene(grouping={"group_wait_s": 10})
    late = scene.crash(2)
    early = scene.crash(3, at=rfc3339(scene.wall - 5))
    scene.wait(11)

    assert late.at > early.at
    [message] = scene.messages
    assert (message.incident_id, message.episode) == (early.id, early.id)


def test_a_host_is_back_after_a_boot_that_is_not_the_one_that_crashed() -> None:
    scene = Scene()
    scene.crash(boot="b1")
    scene.wait(10)
    scene.boot(boot="b1")
    host = scene.engine.memory.lifecycles.rows[KEY].seen.hosts["10.0.0.2"]
    assert host.back_t is None
    scene.boot(boot="b2")

    host = scene.engine.memory.lifecycles.rows[KEY].seen.hosts["10.0.0.2"]
    assert host.back_t == pytest.approx(13)
    assert scene.engine.memory.senders.rows["10.0.0.2"].open_in == ()


def test_it_outlives_its_group_and_a_later_crash_has_its_key() -> None:
    scene = Scene(life_signs={"never_seen_after_s": 0})
    scene.crash()
    scene.wait(7 * 3600, 60)
    assert scene.engine.memory.groups.rows == {}
    assert KEY in scene.engine.memory.lifecycles.rows
    scene.crash()

    first, again = scene.messages
    assert first.kind is again.kind
    assert first.dedup_key == again.dedup_key
    assert facts(again).holder is None


def test_beyond_their_limit_those_without_recent_crashes_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_LIFECYCLES", 2)
    scene = Scene()
    for number in range(4):
        scene.crash(10 + number, f"cause-{number}")
        scene.wait(10)
    memory = scene.engine.memory

    assert sorted(row.cause for row in memory.lifecycles.rows.values()) == [
        "cause-2",
        "cause-3",
    ]
    assert sorted(memory.causes.rows) == ["cause-2", "cause-3"]


def test_too_many_hosts_to_tell_apart_are_resolved_by_hand_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_HOSTS", 1)
    scene = Scene(lifecycle={"resolve_after_s": 60})
    scene.crash(2)
    scene.crash(3)
    scene.boot(2)
    scene.boot(3)
    scene.wait(4000, 60)

    assert scene.engine.memory.lifecycles.rows[KEY].seen.unnamed == 1
    assert "resolved" not in scene.kinds()
