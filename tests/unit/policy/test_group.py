"""Which crashes are one group, in fake time."""

from __future__ import annotations

import itertools

import pytest

from omprog_panic.policy.receiver import Receiver
from tests.policies import (
    DBA,
    OPS,
    Scene,
    facts,
    make_crash,
    services_of,
)


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(restarts=request.param)


def test_another_cause_is_sent_at_once(scene: Scene) -> None:
    scene.crash(2)
    scene.crash(2, cause="cause-b")

    assert scene.kinds() == ["incident", "incident"]


def test_a_host_that_crashes_in_ever_new_ways_is_a_loop(scene: Scene) -> None:
    for number in range(20):
        scene.crash(cause=f"cause-{number}", title=f"crash {number}")
        scene.wait(60, 10)

    assert scene.kinds()[:4] == ["incident", "incident", "incident", "panic-loop"]
    assert set(scene.kinds()[3:]) == {"panic-loop"}
    assert len(scene.kinds()) == 5
    assert len(facts(scene.messages[-1]).cause.titles) > 5


def test_each_service_has_groups_of_its_own() -> None:
    routes = [{"match": {"host": "10.0.0.3"}, "to": ["ops", "dba"]}]
    scene = Scene([OPS, DBA], routes=routes, default_route={"to": "ops"})
    scene.crash(2)
    scene.crash(3)

    assert [(m.kind.value, services_of(m)) for m in scene.messages] == [
        ("incident", ("ops",)),
        ("incident", ("dba",)),
    ]
    scene.wait(301)
    assert services_of(scene.messages[-1]) == ("ops",)
    assert scene.messages[-1].kind.value == "follow-up"


def test_a_storm_of_three_causes_is_three_alerts_and_three_follow_ups() -> None:
    receivers = [OPS, DBA, Receiver("night", "json [night]", ("night",))]
    scene = Scene(receivers)
    numbers = iter(range(1, 10_001))
    for _ in range(50):
        batch = [
            make_crash(
                number,
                2 + number % 1000,
                fingerprint=f"cause-{number % 3}",
                at=scene.now,
                ended_at=scene.now,
            )
            for number in itertools.islice(numbers, 200)
        ]
        sent = scene.feed(*batch)
        assert len(sent) == (3 if scene.t == 0 else 0)
        scene.wait(0.2, 0.2)
    scene.wait(1200, 30)

    for key, _, _ in receivers:
        mine = [m.kind.value for m in scene.messages if key in services_of(m)]
        assert mine == ["incident"] * 3 + ["follow-up"] * 3
    decided = [d for d in scene.decided if d.subject.startswith("incident:")]
    assert len(decided) == 10_000
    follow_ups = scene.of_kind("follow-up")
    assert sum(facts(m).cause.all_crashes for m in follow_ups) == 10_000
