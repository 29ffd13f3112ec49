"""Acknowledgements, in fake time."""

from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.notification.format import Lifecycle
from omprog_panic.policy.event import CauseAction
from tests.policies import DBA, OPS, Scene, facts, services_of

QUIET: dict[str, Any] = {"lifecycle": {"resolve_after_s": 0}}


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(restarts=request.param, **QUIET)


def test_an_acknowledgement_is_sent_to_who_was_notified(scene: Scene) -> None:
    scene.crash()
    scene.ack(seconds=3600)

    assert scene.kinds() == ["incident", "acknowledged"]
    [first, message] = scene.messages
    assert message.lifecycle is Lifecycle.ACKNOWLEDGED
    assert message.dedup_key == first.dedup_key
    assert message.order_key == first.order_key
    assert facts(message).holder.author == "anna"
    assert facts(message).holder.until == scene.wall + 3600
    assert facts(message).cause.all_hosts == 1


def test_repeats_of_an_acknowledged_cause_are_quiet(scene: Scene) -> None:
    scene.crash()
    scene.ack()
    for _ in range(4):
        scene.wait(1200, 60)
        scene.crash()
    scene.wait(8 * 3600, 600)

    assert scene.kinds() == ["incident", "acknowledged"]
    assert scene.codes().count("SUPPRESS_ACKNOWLEDGED") == 4
    reason = dict(scene.reasons())["SUPPRESS_ACKNOWLEDGED"]
    assert reason == "default_route: anna has its cause; quiet until it is worse"


def test_twice_as_many_hosts_are_worse_and_the_message_says_who_has_it(
    scene: Scene,
) -> None:
    scene.crash(2)
    scene.crash(3)
    scene.wait(301)
    scene.ack()
    scene.messages.clear()
    scene.crash(4)
    scene.wait(600, 10)
    assert scene.messages == []
    scene.crash(5)

    [message] = scene.messages
    assert message.kind.value == "follow-up"
    assert facts(message).worse == ("new-hosts",)
    assert facts(message).holder.author == "anna"
    assert facts(message).count == 2
    scene.crash(6)
    scene.wait(600, 10)
    assert len(scene.messages) == 1  # four hosts are the new measure


def test_a_new_kernel_is_worse(scene: Scene) -> None:
    scene.crash()
    scene.ack()
    scene.crash(kernel="6.12.0")

    assert scene.kinds() == ["incident", "acknowledged", "panic-loop"]
    assert facts(scene.messages[-1]).worse == ("new-kernel",)


def test_a_worse_severity_is_worse_and_a_lesser_one_is_not(scene: Scene) -> None:
    scene.crash(severity="oops", panicked=False)
    scene.ack()
    scene.crash(severity="lockup", panicked=False)
    scene.wait(1200, 60)
    assert scene.kinds() == ["incident", "acknowledged"]
    scene.crash()

    assert facts(scene.messages[-1]).worse == ("severity",)


def test_another_cause_is_not_quiet(scene: Scene) -> None:
    scene.crash()
    scene.ack()
    scene.crash(cause="cause-b")

    assert scene.kinds() == ["incident", "acknowledged", "incident"]


def test_when_its_time_is_over_that_is_said_with_all_that_was_quiet(
    scene: Scene,
) -> None:
    scene.crash()
    scene.ack(seconds=3600)
    scene.wait(1200, 60)
    scene.crash()
    scene.wait(2500, 10)

    assert scene.kinds() == [
        "incident", "acknowledged", "panic-loop", "unacknowledged",
    ]  # fmt: skip
    message = scene.messages[-1]
    assert message.lifecycle is Lifecycle.FIRING
    assert (facts(message).holder.author, facts(message).by) == ("anna", "")


def test_it_can_be_withdrawn(scene: Scene) -> None:
    scene.crash()
    scene.ack()
    scene.order(CauseAction.UNACKNOWLEDGE, author="grace")

    assert scene.kinds()[-1] == "unacknowledged"
    assert facts(scene.messages[-1]).by == "grace"


def test_somebody_else_may_take_it(scene: Scene) -> None:
    scene.crash()
    scene.ack()
    scene.ack(author="grace")

    assert scene.kinds() == ["incident", "acknowledged", "acknowledged"]
    assert facts(scene.messages[-1]).holder.author == "grace"


def test_what_is_not_open_cannot_be_acknowledged(scene: Scene) -> None:
    scene.ack()

    assert scene.messages == []
    assert scene.reasons() == [
        ("STORE_EXPECTED", "acknowledge by anna: it is not open")
    ]


def test_a_service_that_did_not_know_of_it_is_told_who_has_it() -> None:
    routes = [{"match": {"host": "10.0.0.3"}, "to": ["dba"]}]
    scene = Scene([OPS, DBA], routes=routes, default_route={"to": ["ops"]}, **QUIET)
    scene.crash(2)
    scene.ack()
    scene.crash(3)

    message = scene.messages[-1]
    assert (message.kind.value, services_of(message)) == ("incident", ("dba",))
    assert facts(message).holder.author == "anna"
    scene.wait(60)
    assert scene.kinds() == ["incident", "acknowledged", "incident"]


def test_a_service_at_its_rate_limit_is_told_later() -> None:
    scene = Scene(grouping={"messages_per_hour": 2}, **QUIET)
    scene.crash()
    scene.ack()
    assert scene.kinds() == ["incident"]  # half of the limit is for first crashes
    scene.wait(3700, 60)

    assert scene.kinds() == ["incident", "acknowledged"]


def test_a_restored_command_is_not_done_twice(scene: Scene) -> None:
    scene.crash()
    scene.ack()

    assert scene.engine.command_revision == 2
