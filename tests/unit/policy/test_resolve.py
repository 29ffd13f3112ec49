"""When a cause is over, in fake time."""

from __future__ import annotations

import pytest

from omprog_panic.notification.format import Lifecycle
from omprog_panic.policy.event import CauseAction
from tests.policies import DBA, OPS, Scene, facts, services_of


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(
        restarts=request.param,
        lifecycle={"resolve_after_s": 600},
        life_signs={"never_seen_after_s": 0},
    )


def test_a_host_that_is_back_and_quiet_resolves_it(scene: Scene) -> None:
    scene.crash()
    scene.wait(60)
    scene.boot()
    scene.wait(590)
    assert scene.kinds() == ["incident", "back"]
    scene.wait(20)

    first, _, message = scene.messages
    assert message.kind.value == "resolved"
    assert message.lifecycle is Lifecycle.RESOLVED
    assert (message.dedup_key, message.cause) == (first.dedup_key, "cause-a")
    assert facts(message).by == ""
    assert facts(message).quiet_s == pytest.approx(600, abs=3)
    assert [host.name for host in facts(message).hosts] == ["db-07"]


def test_a_host_that_does_not_come_back_leaves_it_open(scene: Scene) -> None:
    scene.crash(2)
    scene.crash(3)
    scene.boot(2)
    scene.wait(30 * 86400, 3600)

    assert "resolved" not in scene.kinds()
    scene.boot(3)
    scene.wait(700, 10)
    assert scene.kinds()[-1] == "resolved"


def test_a_survived_oops_is_resolved_when_the_host_is_heard_again(
    scene: Scene,
) -> None:
    scene.crash(severity="oops", panicked=False)
    scene.wait(700, 10)
    assert scene.kinds() == ["incident"]
    scene.hear("heard")
    scene.wait(700, 10)

    assert scene.kinds() == ["incident", "resolved"]


def test_what_is_heard_with_the_crash_is_no_sign_of_life(scene: Scene) -> None:
    scene.crash()
    scene.wait(60)
    scene.hear("heard")
    scene.wait(3600, 60)

    assert scene.kinds() == ["incident"]


def test_the_next_crash_is_a_first_one_with_another_key(scene: Scene) -> None:
    scene.crash()
    scene.boot()
    scene.wait(700, 10)
    scene.crash()

    assert scene.kinds() == ["incident", "back", "resolved", "incident"]
    first, *_, again = scene.messages
    assert first.dedup_key != again.dedup_key


def test_a_host_that_keeps_crashing_is_not_resolved_in_between(scene: Scene) -> None:
    for _ in range(20):
        scene.crash()
        scene.wait(60)
        scene.boot()
        scene.wait(1740, 20)

    # At first it may be over; then the waits grow, and it is reported as a loop.
    assert scene.kinds().count("incident") <= 3
    assert scene.kinds().count("resolved") <= 2
    assert scene.kinds()[-1] in {"panic-loop", "back"}


def test_what_was_resolved_long_ago_is_resolved_as_soon_as_the_first_time(
    scene: Scene,
) -> None:
    for _ in range(3):
        scene.crash()
        scene.boot()
        scene.wait(8 * 3600, 20)

    assert scene.kinds() == ["incident", "back", "resolved"] * 3
    assert scene.engine.memory.resolved.rows == {}


def test_somebody_may_resolve_it_and_hosts_that_are_down_are_named(
    scene: Scene,
) -> None:
    scene.crash()
    scene.ack()
    scene.order(CauseAction.RESOLVE, author="grace")

    message = scene.messages[-1]
    assert (facts(message).by, facts(message).comment) == ("grace", "on it")
    assert facts(message).holder.author == "anna"
    assert [host.name for host in facts(message).down] == ["db-07"]
    assert scene.engine.memory.causes.rows == {}
    assert scene.engine.memory.lifecycles.rows == {}


def test_every_service_is_sent_what_concerns_it() -> None:
    routes = [{"match": {"host": "10.0.0.3"}, "to": ["dba"]}]
    scene = Scene(
        [OPS, DBA],
        routes=routes,
        default_route={"to": ["ops"]},
        lifecycle={"resolve_after_s": 600},
    )
    scene.crash(2)
    scene.crash(3)
    scene.boot(3)
    scene.wait(700, 10)

    [message] = scene.of_kind("resolved")
    assert services_of(message) == ("dba",)


def test_a_service_that_was_sent_nothing_is_not_told_that_it_is_over() -> None:
    scene = Scene(grouping={"messages_per_hour": 1}, lifecycle={"resolve_after_s": 600})
    scene.crash(2)
    scene.crash(3, "cause-b")
    scene.boot(3)
    scene.wait(2 * 3600, 10)

    assert "resolved" not in scene.kinds()
    assert ("cause-b|ops") not in scene.engine.memory.lifecycles.rows


def test_at_the_rate_limit_it_is_resolved_later() -> None:
    scene = Scene(grouping={"messages_per_hour": 2}, lifecycle={"resolve_after_s": 600})
    scene.crash()
    scene.order(CauseAction.RESOLVE)
    assert scene.kinds() == ["incident"]
    scene.wait(3700, 60)

    assert scene.kinds() == ["incident", "resolved"]


def test_a_crash_before_that_keeps_it_open() -> None:
    scene = Scene(grouping={"messages_per_hour": 2}, lifecycle={"resolve_after_s": 600})
    scene.crash()
    scene.order(CauseAction.RESOLVE)
    scene.crash()
    scene.wait(4000, 60)

    assert "resolved" not in scene.kinds()
    assert scene.engine.memory.causes.rows["cause-a"].closing is None


def test_what_somebody_has_for_some_time_is_not_resolved_before_that(
    scene: Scene,
) -> None:
    scene.crash()
    scene.ack(seconds=7200)
    scene.boot()
    scene.wait(7100, 10)
    assert "resolved" not in scene.kinds()
    scene.wait(200, 10)

    assert scene.kinds() == ["incident", "acknowledged", "back", "resolved"]


def test_what_somebody_has_until_it_is_over_is_resolved_by_itself(
    scene: Scene,
) -> None:
    scene.crash()
    scene.ack()
    scene.boot()
    scene.wait(700, 10)

    assert scene.kinds()[-1] == "resolved"
    assert facts(scene.messages[-1]).holder.author == "anna"


def test_who_was_woken_at_night_is_not_told_that_it_is_over_while_it_goes_on() -> None:
    routes = [{"times": ["!daily 12:30-20:00 UTC"], "to": ["dba"], "continue": True}]
    scene = Scene(
        [OPS, DBA],
        routes=[*routes, {"to": ["ops"]}],
        lifecycle={"resolve_after_s": 3600},
        life_signs={"never_seen_after_s": 0},
    )
    for _ in range(5):
        scene.crash()
        scene.boot()
        scene.wait(2400, 10)
    assert [services_of(m) for m in scene.of_kind("incident")] == [("ops", "dba")] or [
        services_of(m) for m in scene.of_kind("incident")
    ] == [("dba", "ops")]
    assert "resolved" not in scene.kinds()
    scene.wait(6 * 3600, 10)

    told = [s for m in scene.of_kind("resolved") for s in services_of(m)]
    assert sorted(told) == ["dba", "ops"]


def test_with_0_only_people_resolve() -> None:
    scene = Scene(lifecycle={"resolve_after_s": 0})
    scene.crash()
    scene.boot()
    scene.wait(3 * 86400, 3600)

    assert "resolved" not in scene.kinds()


def test_a_crash_that_came_with_a_replay_does_not_wait_for_a_boot(
    scene: Scene,
) -> None:
    scene.crash(before_listening=True)
    scene.wait(700, 10)

    assert scene.kinds() == ["incident", "resolved"]
