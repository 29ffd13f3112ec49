"""Senders that are silent, or were never heard, in fake time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies import (
    NOON,
    OPS,
    Scene,
    configured,
    facts,
)

HOUR = 3600.0


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    scene = Scene(restarts=request.param)
    scene.hear("alive", boot="id-1", kernel="6.1", next_s=900)
    return scene


def only(scene: Scene, kind: str) -> Any:
    [message] = scene.messages
    assert message.kind.value == kind
    assert facts(message).count == 1
    return facts(message).hosts[0]


def test_heartbeats_farewells_and_tests_are_no_incidents(scene: Scene) -> None:
    for says in ("alive", "heard", "farewell", "verify", "drill"):
        scene.hear(says)
        scene.wait(5)

    assert scene.messages == []
    assert scene.decided == []


def test_a_sender_with_heartbeats_that_is_silent_is_reported_once(scene: Scene) -> None:
    scene.wait(HOUR + 60, 10)
    host = only(scene, "sender-silent")
    assert (host.name, host.limit_s) == ("db-07", HOUR)
    assert host.last_heard_at == NOON
    scene.wait(20 * HOUR, 60)
    assert len(scene.messages) == 1

    scene.messages.clear()
    scene.hear("heard")
    host = only(scene, "sender-speaks")
    assert host.last_heard_at == NOON
    scene.wait(HOUR / 2, 60)
    assert len(scene.messages) == 1


def test_one_without_heartbeats_may_be_silent() -> None:
    scene = Scene()
    scene.hear("heard")
    scene.wait(30 * HOUR, 60)

    assert scene.messages == []


def test_its_own_limit_applies_without_heartbeats_too() -> None:
    senders = [{"name": "db-07", "address": "10.0.0.2", "silent_after_s": 7200}]
    scene = Scene(senders=senders)
    scene.hear("heard")
    scene.wait(7100, 60)
    assert scene.messages == []
    scene.wait(200, 60)

    assert only(scene, "sender-silent").limit_s == 7200


def test_one_that_is_taken_off_the_list_is_silent_no_more(scene: Scene) -> None:
    scene.wait(HOUR + 60, 60)
    assert scene.kinds() == ["sender-silent"]

    scene.feed(configured({"senders": []}, [OPS]))
    assert not any(row.silent for row in scene.engine.memory.senders.rows.values())
    scene.hear("alive", boot="id-1")
    assert scene.kinds() == ["sender-silent"]


def test_two_heartbeats_must_be_missing(scene: Scene) -> None:
    scene.hear("alive", boot="id-1", next_s=3600)
    scene.wait(2.4 * HOUR, 60)
    assert scene.messages == []
    scene.wait(0.2 * HOUR, 60)

    assert scene.kinds() == ["sender-silent"]


def test_an_unlisted_one_is_never_called_silent(scene: Scene) -> None:
    scene.hear("alive", host=9, boot="x")
    scene.hear("farewell")
    scene.wait(5 * HOUR, 60)

    assert scene.messages == []


def test_one_that_crashed_or_went_down_is_not_called_silent(scene: Scene) -> None:
    scene.hear("farewell")
    scene.wait(5 * HOUR, 60)
    assert scene.messages == []

    scene.boot(announced=True)
    scene.crash()
    scene.wait(5 * HOUR, 60)
    assert scene.kinds() == ["incident"]


def test_a_listed_one_that_was_never_heard_is_reported_once() -> None:
    senders = [
        {"name": "db-07", "address": "10.0.0.2"},
        {"name": "db-08", "address": "10.0.0.3"},
        {"name": "rack", "address": "10.1.0.0/24"},
    ]
    scene = Scene(senders=senders)
    scene.hear("heard", host=3)
    scene.wait(HOUR + 30, 10)
    host = only(scene, "never-heard")
    assert (host.name, host.address) == ("db-07", "10.0.0.2")
    scene.wait(10 * HOUR, 60)
    assert len(scene.messages) == 1

    scene.messages.clear()
    scene.hear("heard")
    assert only(scene, "sender-speaks").address == "10.0.0.2"


def test_a_monitor_that_was_down_for_an_hour_calls_nobody_silent(scene: Scene) -> None:
    for host in range(3, 100):
        scene.hear("alive", host=host)
    scene.t += HOUR
    scene.wall += HOUR
    scene.restart()
    scene.wait(HOUR / 2, 10)

    assert scene.messages == []


def test_nobody_is_silent_while_we_do_not_hear(scene: Scene) -> None:
    scene.wait(5 * HOUR, 60, hearing=False)

    assert scene.messages == []


@pytest.mark.parametrize("step", [-7200.0, 7200.0, 86400.0 * 365])
def test_no_step_of_the_clock_makes_a_sender_silent_or_speak(
    scene: Scene, step: float
) -> None:
    scene.hear("alive", next_s=900)
    scene.wait(600, 10)
    scene.wall += step
    scene.wait(HOUR - 700, 10)
    assert scene.messages == []

    # It is reported after so much silence, not when the clock says so.
    scene.wait(200, 10)
    assert scene.kinds() == ["sender-silent"]
    scene.wall -= step
    scene.wait(HOUR / 2, 10)
    assert scene.kinds() == ["sender-silent"]


def test_a_look_at_every_sender_is_taken_only_when_one_may_be_silent() -> None:
    scene = Scene()
    scene.hear("alive")
    scene.wait(HOUR / 2, 10)
    look = scene.engine.memory.next_look
    assert look.at_senders == HOUR

    scene.hear("alive")
    scene.wait(HOUR - 100, 10)
    assert look.at_senders == HOUR * 1.5
    scene.wait(200, 10)
    assert scene.kinds() == ["sender-silent"]


def test_another_configuration_is_applied_at_once(scene: Scene) -> None:
    scene.hear("alive")
    scene.wait(700, 10)
    senders = [{"name": "db-07", "address": "10.0.0.2", "silent_after_s": 600}]
    scene.feed(configured({"senders": senders}, [OPS]))

    assert scene.kinds() == ["sender-silent"]
