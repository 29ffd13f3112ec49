"""Grouping, storms and loops: Alertmanager's scenarios that apply, in fake time."""

from __future__ import annotations

import itertools

import pytest

from omprog_panic.policy.decision import Decision
from tests.policies import DBA, OPS, Scene, make_crash


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-turn"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(restarts=request.param)


def test_the_first_crash_of_a_cause_goes_out_at_once(scene: Scene) -> None:
    crash = scene.crash()

    [message] = scene.messages
    assert (message.kind, message.services) == ("incident", ("ops",))
    assert message.incident_id == crash.id
    assert scene.words() == [
        ("NOTIFY_FIRST", "default_route: the first crash of its cause")
    ]
    scene.wait(86400, 60)
    assert len(scene.messages) == 1


def test_more_hosts_with_the_same_cause_become_one_message(scene: Scene) -> None:
    first = scene.crash(2)
    for host in range(3, 44):
        scene.wait(1)
        scene.crash(host, kernel="6.1.0-57" if host % 2 else "6.1.0-56-cloud-amd64")
    assert scene.kinds() == ["incident"]
    assert scene.decided[-1].decision is Decision.SUPPRESS_GROUP
    assert scene.decided[-1].reason == (
        "default_route: the same cause was told 41 s ago, more within 259 s"
    )

    scene.wait(300)
    assert scene.kinds() == ["incident", "follow-up"]
    told = scene.messages[-1].details
    assert (told["count"], told["all_hosts"], told["crashes"]) == (41, 42, 41)
    assert len(told["hosts"]) == 41
    assert told["hosts"][0] == {
        "name": "10.0.0.10",
        "address": "10.0.0.10",
        "crashes": 1,
    }
    assert told["kernels"] == [["6.1.0-56-cloud-amd64", 21], ["6.1.0-57", 21]]
    assert told["first_host"] == "db-07"
    assert scene.messages[-1].incident_id == first.id


def test_a_late_joiner_is_told_at_once_when_the_interval_is_over(scene: Scene) -> None:
    scene.crash(2)
    scene.wait(301)
    scene.crash(3)

    assert scene.kinds() == ["incident", "follow-up"]
    scene.crash(4)
    assert scene.kinds() == ["incident", "follow-up"]
    scene.wait(300)
    assert scene.kinds() == ["incident", "follow-up", "follow-up"]


def test_another_cause_is_told_at_once(scene: Scene) -> None:
    scene.crash(2)
    scene.crash(2, cause="cause-b")

    assert scene.kinds() == ["incident", "incident"]


def test_a_panic_loop_is_told_at_growing_intervals(scene: Scene) -> None:
    start = scene.t
    told_at: list[float] = []
    while scene.t < start + 86400:
        scene.crash()
        scene.wait(150, 30)
        if len(scene.messages) > len(told_at):
            told_at.append(scene.t - start)

    # 10, 30, 60 minutes, then six hours, give or take a step.
    gaps = [b - a for a, b in itertools.pairwise(told_at)]
    assert scene.kinds()[0] == "incident"
    assert set(scene.kinds()[1:]) == {"panic-loop"}
    assert [round(gap / 600) for gap in gaps] == [1, 3, 6, 36, 36, 36]
    [first, *_] = scene.of_kind("panic-loop")
    assert (first.details["crashes"], first.details["next_s"]) == (3, 1800.0)


def test_a_cause_that_rested_is_told_like_a_first_one(scene: Scene) -> None:
    scene.crash()
    scene.wait(21700, 60)
    scene.crash()

    assert scene.kinds() == ["incident", "incident"]


def test_what_was_held_is_told_although_its_cause_has_rested() -> None:
    grouping = {"repeat_s": [90000], "forget_after_s": 3600}
    scene = Scene(grouping=grouping)
    scene.crash()
    scene.wait(60)
    scene.crash()
    scene.wait(7200, 60)
    scene.crash()
    scene.wait(90000, 600)

    assert scene.kinds() == ["incident", "panic-loop"]
    assert scene.messages[1].details["crashes"] == 2


def test_a_host_that_crashes_in_ever_new_ways_is_a_loop(scene: Scene) -> None:
    for number in range(20):
        scene.crash(cause=f"cause-{number}", title=f"crash {number}")
        scene.wait(60, 10)

    assert scene.kinds()[:4] == ["incident", "incident", "incident", "panic-loop"]
    assert set(scene.kinds()[3:]) == {"panic-loop"}
    assert len(scene.kinds()) == 5
    assert len(scene.messages[-1].details["titles"]) > 5


def test_each_service_has_groups_of_its_own() -> None:
    routes = [{"match": {"host": "10.0.0.3"}, "to": ["ops", "dba"]}]
    scene = Scene([OPS, DBA], routes=routes, default_route={"to": "ops"})
    scene.crash(2)
    scene.crash(3)

    assert [(m.kind, m.services) for m in scene.messages] == [
        ("incident", ("ops",)),
        ("incident", ("dba",)),
    ]
    scene.wait(301)
    assert scene.messages[-1].services == ("ops",)
    assert scene.messages[-1].kind == "follow-up"


def test_group_wait_tells_the_earliest_of_its_cause(scene: Scene) -> None:
    scene = Scene(grouping={"group_wait_s": 10})
    early = scene.crash(3)
    scene.wait(4)
    later = make_crash(99, 4, at=early.at, id="0" * 32, ended_at=early.at)
    scene.feed(later)
    assert scene.messages == []
    assert scene.codes() == ["SUPPRESS_GROUP_WAIT", "SUPPRESS_GROUP_WAIT"]

    scene.wait(7)
    [message] = scene.messages
    assert message.incident_id == "0" * 32
    scene.wait(300)
    assert scene.messages[-1].details["count"] == 1


def test_a_ceiling_ends_in_one_message_that_says_how_many() -> None:
    scene = Scene(grouping={"ceiling_per_hour": 10})
    for number in range(40):
        scene.crash(number + 2, cause=f"cause-{number}")
    assert scene.kinds() == ["incident"] * 10
    assert scene.codes().count("SUPPRESS_RATE_LIMIT") == 30
    assert scene.decided[-1].reason == (
        "the service has had 10 messages within an hour; "
        "default_route: the first crash of its cause"
    )

    scene.wait(3500, 10)
    [held] = scene.of_kind("held")
    assert held.details["count"] == 30
    assert held.details["kinds"] == [["incident", 30]]
    scene.wait(200, 10)
    scene.crash(2, cause="after the hour")
    assert scene.kinds()[-1] == "incident"


def test_levels_move_incidents_up_down_and_off() -> None:
    scene = Scene(
        severities={"oops": "store"},
        kinds={"hung-task": "alert"},
        digest={"at": "08:00"},
    )
    scene.crash(severity="oops", kind="bug")
    scene.crash(severity="warning", kind="hung-task", cause="b")
    scene.crash(severity="warning", kind="ubsan", cause="c")

    assert scene.words() == [
        ("STORE_ONLY", "severity oops is store"),
        ("NOTIFY_FIRST", "default_route: the first crash of its cause"),
        ("STORE_DIGEST", "severity warning is digest"),
    ]


def test_a_route_to_nobody_stores_and_says_so() -> None:
    scene = Scene(routes=[{"name": "lab", "match": {"host": "10.0.0.9"}, "to": []}])
    scene.crash(9)

    assert scene.messages == []
    assert scene.words() == [("STORE_NO_RECEIVER", "lab names no service")]


def test_templates_go_with_the_services() -> None:
    routes = [{"to": ["dba"], "template": "short", "continue": True}, {}]
    scene = Scene([OPS, DBA], routes=routes)
    scene.crash()

    [message] = scene.messages
    assert set(message.services) == {"ops", "dba"}
    assert message.details["templates"] == {"dba": "short"}


def test_a_storm_of_three_causes_is_three_alerts_and_three_follow_ups() -> None:
    receivers = [OPS, DBA, ["night", "json [night]", ["night"]]]
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
        told = scene.feed(*batch)
        assert len(told) == (3 if scene.t == 0 else 0)
        scene.wait(0.2, 0.2)
    scene.wait(1200, 30)

    for key, _, _ in receivers:
        mine = [m.kind for m in scene.messages if key in m.services]
        assert mine == ["incident"] * 3 + ["follow-up"] * 3
    decided = [d for d in scene.decided if d.subject.startswith("incident:")]
    assert len(decided) == 10_000
    follow_ups = scene.of_kind("follow-up")
    assert sum(m.details["all_crashes"] for m in follow_ups) == 10_000
