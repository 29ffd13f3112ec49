"""Many hosts become one message, in fake time."""

from __future__ import annotations

import pytest

from tests.policies import (
    Scene,
    facts,
)

HOUR = 3600.0


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    scene = Scene(restarts=request.param)
    scene.hear("alive", boot="id-1", kernel="6.1", next_s=900)
    return scene


def test_many_that_are_silent_at_once_are_one_message() -> None:
    senders = [{"name": f"h{n}", "address": f"10.0.0.{n}"} for n in range(2, 252)]
    scene = Scene(senders=senders)
    for n in range(2, 252):
        scene.hear("alive", host=n)
    scene.wait(HOUR + 30, 10)

    [message] = scene.messages
    assert (message.kind.value, facts(message).count) == ("sender-silent", 250)
    assert len(facts(message).hosts) == 200


def test_hosts_that_are_back_come_together(scene: Scene) -> None:
    for host in range(2, 40):
        scene.crash(host)
    scene.wait(60)
    scene.messages.clear()
    for host in range(2, 40):
        scene.boot(host, announced=True)
    assert scene.kinds() == ["back"]
    scene.wait(300)

    assert sorted(scene.kinds()) == ["back", "back", "follow-up"]
    assert sum(facts(m).count for m in scene.of_kind("back")) == 38
