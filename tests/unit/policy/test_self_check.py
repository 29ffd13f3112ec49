"""Whether the monitor hears itself, in fake time."""

from __future__ import annotations

import pytest

from omprog_panic.policy.event import ProbeReturned, ProbeSent
from omprog_panic.policy.timestamps import Timestamps
from tests.policies import (
    LISTED,
    OPS,
    Scene,
    configured,
    facts,
)


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(restarts=request.param, life_signs={"never_seen_after_s": 0})


def send_probes(scene: Scene, seconds: float, *, answered: bool) -> int:
    sent, end = 0, scene.t + seconds
    while scene.t < end:
        now = Timestamps(scene.t, scene.wall, scene.listened)
        if scene.engine.probe_is_due(now):
            sent += 1
            scene.feed(ProbeSent(f"{scene.t}"))
            if answered:
                scene.feed(ProbeReturned(f"{scene.t}"))
        scene.wait(10, 10)
    return sent


def test_a_probe_is_sent_at_start_and_at_intervals(scene: Scene) -> None:
    assert send_probes(scene, 3600, answered=True) == 4
    assert scene.messages == []


def test_a_monitor_that_does_not_hear_itself_is_deaf(scene: Scene) -> None:
    send_probes(scene, 3600, answered=True)
    scene.wait(900)
    send_probes(scene, 240, answered=False)

    [message] = scene.messages
    assert (message.kind.value, facts(message).misses) == ("monitor-deaf", 3)
    send_probes(scene, 600, answered=False)
    assert len(scene.messages) == 1
    send_probes(scene, 61, answered=True)
    assert scene.kinds() == ["monitor-deaf", "monitor-hears"]
    assert facts(scene.messages[1]).deaf_s > 500


def test_one_that_is_late_is_proof_enough(scene: Scene) -> None:
    scene.feed(ProbeSent("a"))
    scene.wait(61)
    scene.feed(ProbeSent("b"))
    scene.feed(ProbeReturned("a"))
    scene.wait(61)
    scene.feed(ProbeSent("c"))

    assert scene.messages == []


def test_a_datagram_that_somebody_else_made_up_is_no_proof(scene: Scene) -> None:
    for number in range(4):
        scene.feed(ProbeSent(f"{number}"))
        scene.feed(ProbeReturned("made up"))
        scene.wait(61)

    assert scene.kinds() == ["monitor-deaf"]


def test_a_datagram_that_cannot_be_sent_says_why(scene: Scene) -> None:
    for _ in range(3):
        scene.feed(ProbeSent("x", error="Network is unreachable"))
        scene.wait(60)

    assert facts(scene.messages[0]).error == "Network is unreachable"


@pytest.mark.parametrize("misses", [1, 3])
def test_without_an_interval_the_monitor_is_not_called_deaf(
    scene: Scene, misses: int
) -> None:
    for number in range(misses + 1):
        scene.feed(ProbeSent(f"t{number}"))
        scene.wait(60)
    scene.messages.clear()
    check = {"interval_s": 0}
    scene.feed(configured({"senders": LISTED, "self_check": check}, [OPS]))

    assert scene.engine.hearing
    assert scene.messages == []


def test_without_an_interval_none_is_sent() -> None:
    scene = Scene(self_check={"interval_s": 0})

    assert send_probes(scene, 7200, answered=True) == 0


def test_deaf_and_hears_have_one_key_and_the_next_time_has_another() -> None:
    scene = Scene()
    for turn in "ab":
        for number in range(4):
            scene.feed(ProbeSent(f"{turn}{number}"))
            scene.wait(61)
        scene.feed(ProbeReturned(f"{turn}3"))
        scene.wait(61)
    deaf, hears, again, _ = [message.dedup_key for message in scene.messages]

    assert deaf == hears
    assert deaf != again
    assert {message.order_key for message in scene.messages} == {"monitor"}
