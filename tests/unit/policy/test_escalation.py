"""Escalation, in fake time."""

from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.notification.format import Lifecycle
from omprog_panic.policy.event import CauseAction
from tests.policies import DBA, LEAD, OPS, Scene, facts, services_of

STEPS: dict[str, Any] = {
    "default_route": {
        "to": ["ops"],
        "escalate": {"after": "15m", "to": ["lead"], "repeat": "30m"},
    },
    "lifecycle": {"resolve_after_s": 0},
    "life_signs": {"never_seen_after_s": 0},
}


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene([OPS, LEAD], restarts=request.param, **STEPS)


def test_what_nobody_acknowledges_goes_to_the_next_service(scene: Scene) -> None:
    crash = scene.crash()
    scene.wait(899)
    assert scene.kinds() == ["incident"]
    scene.wait(2)

    message = scene.messages[-1]
    assert (message.kind.value, services_of(message)) == ("escalated", ("lead",))
    assert message.lifecycle is Lifecycle.FIRING
    assert message.incident_id == crash.id
    assert message.dedup_key == scene.messages[0].dedup_key
    assert facts(message).notified == ("json [ops]",)
    assert facts(message).waited_s == pytest.approx(900)
    assert (facts(message).number, facts(message).next_s) == (1, 1800)


def test_it_is_repeated_until_somebody_has_it(scene: Scene) -> None:
    scene.crash()
    scene.wait(900 + 2 * 1800 + 5, 5)
    assert [facts(m).number for m in scene.of_kind("escalated")] == [1, 2, 3]
    scene.ack(author="grace")
    scene.wait(86400, 600)

    assert len(scene.of_kind("escalated")) == 3
    told = {s for m in scene.of_kind("acknowledged") for s in services_of(m)}
    assert told == {"ops", "lead"}


def test_without_repeat_it_is_sent_once() -> None:
    route = {"to": ["ops"], "escalate": {"after": "15m", "to": ["lead"]}}
    scene = Scene([OPS, LEAD], **{**STEPS, "default_route": route})
    scene.crash()
    scene.wait(86400, 60)

    [message] = scene.of_kind("escalated")
    assert facts(message).next_s is None


def test_several_steps_follow_each_other() -> None:
    steps = [
        {"after": "15m", "to": ["lead"]},
        {"after": "1h", "to": "dba", "repeat": "2h"},
    ]
    route = {"to": ["ops"], "escalate": steps}
    scene = Scene([OPS, LEAD, DBA], **{**STEPS, "default_route": route})
    scene.crash()
    scene.wait(3 * 3600 + 60, 20)

    sent = [services_of(m) for m in scene.of_kind("escalated")]
    assert sent == [("lead",), ("dba",), ("dba",)]
    assert facts(scene.messages[2]).notified == ("json [ops]", "json [lead]")


def test_it_stops_when_the_cause_is_resolved(scene: Scene) -> None:
    scene.crash()
    scene.wait(1000, 5)
    scene.order(CauseAction.RESOLVE)
    scene.wait(86400, 600)

    assert scene.kinds() == ["incident", "escalated", "resolved"]
    assert set(services_of(scene.messages[-1])) == {"ops", "lead"}


def test_it_begins_again_when_nobody_has_it_any_more(scene: Scene) -> None:
    scene.crash()
    scene.ack(seconds=3600)
    scene.wait(3600 + 800, 10)
    assert scene.of_kind("escalated") == []
    scene.wait(120, 10)

    assert len(scene.of_kind("escalated")) == 1


def test_a_service_at_its_rate_limit_has_to_wait_for_it() -> None:
    scene = Scene(
        [OPS, LEAD],
        grouping={"messages_per_hour": 1},
        routes=[{"match": {"host": "10.0.0.9"}, "to": ["lead"], "escalate": []}],
        **STEPS,
    )
    scene.wait(600)
    scene.crash(9, "cause-z")
    scene.crash()
    scene.wait(3000, 10)
    assert scene.of_kind("escalated") == []
    scene.wait(700, 10)

    assert len(scene.of_kind("escalated")) == 1


def test_a_silence_stops_it_and_a_later_window_does_not() -> None:
    silenced = Scene([OPS, LEAD], **STEPS)
    silenced.crash()
    silenced.silence(1800, host=["db-*"])
    silenced.wait(1000, 10)
    assert silenced.of_kind("escalated") == []
    silenced.wait(1000, 10)
    assert len(silenced.of_kind("escalated")) == 1

    scene = Scene([OPS, LEAD], **STEPS)
    scene.crash()
    scene.window("daily 12:05-12:30 UTC", host=["db-*"])
    scene.wait(1000, 10)
    assert len(scene.of_kind("escalated")) == 1


def test_services_of_one_route_escalate_once() -> None:
    both = {**STEPS["default_route"], "to": ["ops", "dba"]}
    scene = Scene([OPS, DBA, LEAD], **{**STEPS, "default_route": both})
    scene.crash()
    scene.wait(1000, 10)

    [message] = scene.of_kind("escalated")
    assert services_of(message) == ("lead",)


def test_an_inner_route_may_leave_it_out() -> None:
    routes = [{"match": {"host": "10.0.0.3"}, "escalate": []}]
    scene = Scene([OPS, LEAD], routes=routes, **STEPS)
    scene.crash(3)
    scene.wait(3600, 60)

    assert scene.kinds() == ["incident"]


def test_an_open_incident_keeps_the_steps_that_it_began_with(scene: Scene) -> None:
    from tests.policies import configured  # noqa: PLC0415 - only here

    scene.crash()
    scene.feed(configured({"default_route": {"to": ["ops"]}}, [OPS, LEAD]))
    scene.wait(1000, 10)

    assert len(scene.of_kind("escalated")) == 1
