"""What every event of a sender says of it, in fake time."""

from __future__ import annotations

from omprog_panic.policy.sender import DRILL_WITHIN_S, is_drill
from omprog_panic.policy.state.sender import LastHeard, SenderState
from tests.policies import NOON, Scene


def test_every_event_of_a_sender_is_a_sign_of_life() -> None:
    scene = Scene()
    scene.hear("heard", host=2, kernel="6.1")
    scene.crash(3)
    scene.boot(4)

    senders = scene.engine.memory.senders.rows
    assert set(senders) == {"10.0.0.2", "10.0.0.3", "10.0.0.4"}
    assert senders["10.0.0.2"].kernel == "6.1"
    assert senders["10.0.0.3"].heard == LastHeard(0.0, NOON, 0.0)


def test_an_old_event_that_arrives_late_changes_no_time() -> None:
    scene = Scene()
    scene.wait(100)
    scene.hear("heard")
    heard = scene.engine.memory.senders.rows["10.0.0.2"].heard
    scene.crash(2, at="2026-09-21T12:00:00+00:00", ended_at="2026-09-21T12:00:00+00:00")

    assert scene.engine.memory.senders.rows["10.0.0.2"].heard == heard


def test_a_sender_that_is_heard_again_is_reported() -> None:
    scene = Scene(life_signs={"never_seen_after_s": 60})
    scene.wait(70)
    assert scene.kinds() == ["never-heard"]
    scene.crash(2)

    assert "sender-speaks" in scene.kinds()
    assert scene.engine.memory.unheard.rows == {}


def test_a_drill_is_announced_shortly_before() -> None:
    sender = SenderState("10.0.0.2", drill_t=100.0)

    assert is_drill(sender, 100.0)
    assert is_drill(sender, 100.0 + DRILL_WITHIN_S)
    assert not is_drill(sender, 99.0)
    assert not is_drill(sender, 101.0 + DRILL_WITHIN_S)
    assert not is_drill(SenderState("10.0.0.2"), 100.0)
