"""A clock that is wrong for ten minutes changes nothing for longer than a day."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.policies import DBA, OPS, Scene

YEARS_S = 3 * 365 * 86400
HOUR_S = 3600.0
ROUTES = [
    {"to": ["ops"], "escalate": [{"after": "30m", "to": ["dba"]}]},
]


def make_scene(*, restarts: bool) -> Scene:
    scene = Scene(
        (OPS, DBA),
        restarts=restarts,
        digest={"at": "08:00"},
        routes=ROUTES,
        senders=[{"name": f"h{n}", "address": f"10.0.0.{n}"} for n in range(2, 8)],
    )
    scene.silence(34 * HOUR_S, host=["h3"])
    scene.crash(4, "cause-held")
    scene.ack("cause-held", seconds=34 * HOUR_S)
    for host in range(2, 8):
        scene.hear(host=host, next_s=900)
    return scene


def run_on(scene: Scene, hours: int, alive: tuple[int, ...] = (2, 3, 4, 5, 6)) -> None:
    for _ in range(hours * 4):
        scene.wait(900, 450)
        for host in alive:
            scene.hear(host=host, next_s=900)


def outcome(scene: Scene) -> Counter[tuple[str, str]]:
    """Send what a day may bring; return the messages by kind and host."""
    scene.messages.clear()
    scene.crash(3, "cause-silenced")
    scene.crash(4, "cause-held")
    scene.crash(5, "cause-new")
    scene.crash(6, "cause-warning", severity="warning")
    run_on(scene, 30)
    return Counter((m.kind.value, m.labels.host) for m in scene.messages)


@settings(deadline=None, max_examples=4)
@given(
    steps=st.lists(st.sampled_from([YEARS_S, -YEARS_S]), min_size=1, max_size=3),
    hours=st.integers(0, 3),
    restarts=st.just(False),
)
@example(steps=[YEARS_S], hours=0, restarts=True)
@example(steps=[-YEARS_S, YEARS_S], hours=1, restarts=False)
def test_what_follows_is_as_if_the_clock_had_never_been_wrong(
    steps: list[int], hours: int, *, restarts: bool
) -> None:
    expected, found = make_scene(restarts=restarts), make_scene(restarts=restarts)
    for scene, sizes in ((expected, [0] * len(steps)), (found, steps)):
        run_on(scene, hours)
        for step_s in sizes:
            scene.wall += step_s
            scene.wait(600, 200)
            scene.wall -= step_s
            scene.wait(900, 300)
        run_on(scene, 1)

    assert outcome(found) == outcome(expected)
