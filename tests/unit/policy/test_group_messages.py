"""Storms and loops: Alertmanager's scenarios that apply, in fake time."""

from __future__ import annotations

import itertools

import pytest

from omprog_panic.notification.cause import CrashedHost, Share
from omprog_panic.policy.decision import Decision
from omprog_panic.policy.receiver import Receiver
from tests.policies import (
    Scene,
    configured,
    facts,
    make_crash,
    services_of,
)


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(restarts=request.param)


def test_the_first_crash_of_a_cause_goes_out_at_once(scene: Scene) -> None:
    crash = scene.crash()

    [message] = scene.messages
    assert (message.kind.value, services_of(message)) == ("incident", ("ops",))
    assert message.incident_id == crash.id
    assert scene.reasons() == [
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
        "default_route: the same cause was notified 41 s ago, more within 259 s"
    )

    scene.wait(300)
    assert scene.kinds() == ["incident", "follow-up"]
    sent = facts(scene.messages[-1])
    assert (sent.count, sent.cause.all_hosts, sent.crashes) == (41, 42, 41)
    assert len(sent.hosts) == 41
    assert sent.hosts[0] == CrashedHost("10.0.0.10", "10.0.0.10", 1)
    assert sent.cause.kernels == (
        Share("6.1.0-56-cloud-amd64", 21),
        Share("6.1.0-57", 21),
    )
    assert sent.cause.first_host == "db-07"
    assert scene.messages[-1].incident_id == first.id


def test_a_late_joiner_is_sent_at_once_when_the_interval_is_over(scene: Scene) -> None:
    scene.crash(2)
    scene.wait(301)
    scene.crash(3)

    assert scene.kinds() == ["incident", "follow-up"]
    scene.crash(4)
    assert scene.kinds() == ["incident", "follow-up"]
    scene.wait(300)
    assert scene.kinds() == ["incident", "follow-up", "follow-up"]


def test_a_panic_loop_is_sent_at_growing_intervals(scene: Scene) -> None:
    start = scene.t
    sent_at: list[float] = []
    while scene.t < start + 86400:
        scene.crash()
        scene.wait(150, 30)
        if len(scene.messages) > len(sent_at):
            sent_at.append(scene.t - start)

    # 10, 30, 60 minutes, then six hours, give or take a step.
    gaps = [b - a for a, b in itertools.pairwise(sent_at)]
    assert scene.kinds()[0] == "incident"
    assert set(scene.kinds()[1:]) == {"panic-loop"}
    assert [round(gap / 600) for gap in gaps] == [1, 3, 6, 36, 36, 36]
    [first, *_] = scene.of_kind("panic-loop")
    assert (facts(first).crashes, facts(first).next_s) == (3, 1800.0)


def test_a_cause_that_rested_is_sent_like_a_first_one(scene: Scene) -> None:
    scene.crash()
    scene.wait(21700, 60)
    scene.crash()

    assert scene.kinds() == ["incident", "incident"]


def test_pending_crashes_are_sent_although_its_cause_has_rested() -> None:
    grouping = {"repeat_s": [90000], "forget_after_s": 3600}
    scene = Scene(grouping=grouping)
    scene.crash()
    scene.wait(60)
    scene.crash()
    scene.wait(7200, 60)
    scene.crash()
    scene.wait(90000, 600)

    assert scene.kinds() == ["incident", "panic-loop"]
    assert facts(scene.messages[1]).crashes == 2


def test_group_wait_sends_the_earliest_of_its_cause(scene: Scene) -> None:
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
    assert facts(scene.messages[-1]).count == 1


def test_a_service_that_is_gone_takes_its_groups_along(scene: Scene) -> None:
    scene.crash()
    scene.crash(host=3)
    scene.feed(configured({}, [Receiver("new", "json", ("ops",))]))
    scene.wait(400)
    assert scene.kinds() == ["incident"]
    scene.crash(host=4)

    assert services_of(scene.messages[-1]) == ("new",)
    assert scene.messages[-1].kind.value == "incident"
