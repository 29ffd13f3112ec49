"""The engine around the ideas: settings, order, timestamps, what is in the memory."""

from __future__ import annotations

from omprog_panic.policy.engine import SAVE_EVERY_S, Engine
from omprog_panic.policy.event import ProbeSent, SilenceChanged
from omprog_panic.policy.state.memory import decode_checkpoint, encode_checkpoint
from omprog_panic.policy.timestamps import Timestamps
from tests.policies import DBA, NOON, OPS, Scene, configured, make_crash

NOW = Timestamps(0.0, NOON, 0.0)


def test_an_engine_without_memory_knows_nothing() -> None:
    engine = Engine()

    assert engine.last is None
    assert engine.hearing
    assert engine.silence_revision == 0
    assert not engine.is_configured_as(configured({}, [OPS]))


def test_a_configuration_is_in_use_until_it_changes() -> None:
    engine = Engine()
    engine.evaluate(NOW, [configured({}, [OPS])])

    assert engine.is_configured_as(configured({}, [OPS]))
    assert not engine.is_configured_as(configured({}, [OPS, DBA]))
    assert not engine.is_configured_as(configured({"digest": {"at": "09:00"}}, [OPS]))
    again = Engine(decode_checkpoint(encode_checkpoint(engine.memory)))
    assert again.is_configured_as(configured({}, [OPS]))


def test_settings_apply_to_the_crash_that_came_before_them() -> None:
    silence = SilenceChanged("s", (), "anna", "all", NOON - 1, NOON + 60, 7)
    engine = Engine()
    result = engine.evaluate(NOW, [make_crash(), silence, configured({}, [OPS])])

    assert [r.decision.value for r in result.decisions] == ["STORE_SILENCED"]
    assert engine.silence_revision == 7


def test_a_cause_is_notified_when_every_service_has_a_group_of_it() -> None:
    routes = [{"match": {"host": "10.0.0.3"}, "to": ["ops", "dba"]}]
    scene = Scene([OPS, DBA], routes=routes, default_route={"to": "ops"})
    scene.crash(2)
    assert scene.engine.notified_causes() == set()

    scene.crash(3)
    assert scene.engine.notified_causes() == {"cause-a"}


def test_timestamps_are_saved_now_and_then() -> None:
    engine = Engine()
    engine.evaluate(NOW)
    engine.memory.take_changes()
    engine.evaluate(Timestamps(SAVE_EVERY_S - 1, NOON, 0.0))
    assert not engine.memory.has_changes
    engine.evaluate(Timestamps(SAVE_EVERY_S, NOON + 30, 5.0))

    assert [row.table for row in engine.memory.take_changes()] == ["monitor"]
    assert engine.last == Timestamps(SAVE_EVERY_S, NOON + 30, 5.0)


def test_a_monitor_that_misses_a_probe_may_not_hear() -> None:
    engine = Engine()
    engine.evaluate(NOW, [ProbeSent("a", error="Network is unreachable")])

    assert not engine.hearing
