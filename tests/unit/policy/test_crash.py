"""What is done with one incident, in fake time."""

from __future__ import annotations

import pytest

from tests.policies import (
    DBA,
    OPS,
    Scene,
    facts,
    services_of,
)

HOUR = 3600.0


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    scene = Scene(restarts=request.param)
    scene.hear("alive", boot="id-1", kernel="6.1", next_s=900)
    return scene


def test_a_crash_after_a_drill_says_so(scene: Scene) -> None:
    scene.hear("drill")
    scene.wait(20)
    scene.crash()
    scene.crash(host=3)

    drill, real = scene.messages
    assert facts(drill).drill
    assert not facts(real).drill


def test_a_drill_is_over_after_a_while(scene: Scene) -> None:
    scene.hear("drill")
    scene.wait(700, 10)
    scene.crash()

    assert not facts(scene.messages[0]).drill


def test_levels_move_incidents_up_down_and_off() -> None:
    scene = Scene(
        severities={"oops": "store"},
        kinds={"hung-task": "alert"},
        digest={"at": "08:00"},
    )
    scene.crash(severity="oops", kind="bug")
    scene.crash(severity="warning", kind="hung-task", cause="b")
    scene.crash(severity="warning", kind="ubsan", cause="c")

    assert scene.reasons() == [
        ("STORE_ONLY", "severity oops is store"),
        ("NOTIFY_FIRST", "default_route: the first crash of its cause"),
        ("STORE_DIGEST", "severity warning is digest"),
    ]


def test_a_route_to_nobody_stores_and_says_so() -> None:
    scene = Scene(routes=[{"name": "lab", "match": {"host": "10.0.0.9"}, "to": []}])
    scene.crash(9)

    assert scene.messages == []
    assert scene.reasons() == [("STORE_NO_RECEIVER", "lab names no service")]


def test_templates_go_with_the_services() -> None:
    routes = [{"to": ["dba"], "template": "short", "continue": True}, {}]
    scene = Scene([OPS, DBA], routes=routes)
    scene.crash()

    [message] = scene.messages
    assert set(services_of(message)) == {"ops", "dba"}
    assert {r.service: r.template for r in message.recipients} == {
        "dba": "short",
        "ops": None,
    }
