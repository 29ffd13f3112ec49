"""What a boot means, in fake time."""

from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.clock import rfc3339
from omprog_panic.policy.boot import CRASH_EXPLAINS_S
from omprog_panic.policy.event import Boot
from tests.policies import (
    NOON,
    Scene,
    facts,
    make_crash,
)

HOUR = 3600.0


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    scene = Scene(restarts=request.param)
    scene.hear("alive", boot="id-1", kernel="6.1", next_s=900)
    return scene


def only(scene: Scene, kind: str) -> Any:
    [message] = scene.messages
    assert message.kind.value == kind
    assert facts(message).count == 1
    return facts(message).hosts[0]


def test_a_panic_followed_by_a_boot_is_back(scene: Scene) -> None:
    crash = scene.crash()
    scene.messages.clear()
    scene.wait(192)
    scene.boot(announced=True, kernel="6.1.0-57", last_heard_at=crash.ended_at)

    host = only(scene, "back")
    assert (host.name, host.down_s, host.kernel) == ("db-07", 192, "6.1.0-57")
    assert host.kernel_before == "6.1.0-56-cloud-amd64"
    assert (host.incident_id, host.title) == (crash.id, crash.title)


def test_an_oops_that_kdump_cut_short_explains_the_boot(scene: Scene) -> None:
    crash = scene.crash(panicked=False, severity="oops")
    scene.messages.clear()
    scene.wait(60)
    scene.boot(last_heard_at=crash.ended_at)

    assert only(scene, "back").incident_id == crash.id


def test_an_oops_that_was_survived_explains_nothing(scene: Scene) -> None:
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.crash(panicked=False, severity="oops")
    scene.wait(CRASH_EXPLAINS_S + 100)
    scene.hear("heard")
    scene.messages.clear()
    scene.wait(HOUR / 2, 10)
    scene.boot()

    assert only(scene, "suspected-crash").says_farewell


def test_a_boot_after_a_farewell_is_nothing(scene: Scene) -> None:
    scene.hear("farewell")
    scene.wait(40)
    scene.boot(announced=True)

    assert scene.messages == []
    assert scene.reasons() == [("STORE_EXPECTED", "boot: the shutdown was announced")]


def test_an_unannounced_boot_of_one_that_says_farewell_is_a_suspected_crash(
    scene: Scene,
) -> None:
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.wait(HOUR / 2, 60)
    scene.hear("alive", boot="id-2")
    scene.wait(600, 60)
    scene.boot(last_text="EXT4-fs (sda1): mounted")

    host = only(scene, "suspected-crash")
    assert host.last_text == "EXT4-fs (sda1): mounted"
    assert host.last_heard_at == scene.wall - 63


def test_of_others_it_goes_into_the_digest() -> None:
    scene = Scene(digest={"at": "08:00"})
    scene.hear("heard")
    scene.wait(600, 60)
    scene.boot()
    assert scene.messages == []
    assert scene.codes() == ["STORE_DIGEST"]

    scene.wait(86400, 600)
    [digest] = scene.of_kind("digest")
    assert [boot.name for boot in facts(digest).boots] == ["db-07"]


def test_the_first_boot_that_was_ever_heard_is_nothing(scene: Scene) -> None:
    scene.boot(host=9, last_heard_at=None)

    assert scene.codes() == ["STORE_EXPECTED"]


def test_another_boot_id_is_a_boot_that_nobody_saw(scene: Scene) -> None:
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.hear("alive", boot="id-2")
    scene.wait(HOUR / 2, 60)
    scene.hear("alive", boot="id-2")
    assert scene.messages == []

    scene.wait(900, 60)
    scene.hear("alive", boot="id-3")
    scene.wait(3)
    assert only(scene, "suspected-crash").name == "db-07"


def test_boots_that_only_their_ids_show_may_follow_each_other_soon(
    scene: Scene,
) -> None:
    """A machine that crashes again and again without a word, as 7.x does."""
    scene.hear("alive", boot="id-1")
    scene.wait(30)
    scene.hear("farewell")
    scene.hear("alive", boot="id-2")
    scene.wait(60)
    assert scene.messages == [], "that boot was announced"

    scene.hear("alive", boot="id-3")
    scene.wait(3)
    assert only(scene, "suspected-crash").name == "db-07"


@pytest.mark.parametrize("pause_s", [0.0, 30.0])
def test_a_seen_boot_explains_one_id_and_no_other(scene: Scene, pause_s: float) -> None:
    """The id comes with the boot, or later; the next may follow soon."""
    scene.hear("alive", boot="id-1")
    scene.wait(30)
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.wait(pause_s)
    scene.hear("alive", boot="id-2")
    scene.wait(60)
    assert scene.messages == []

    scene.hear("alive", boot="id-3")
    scene.wait(3)
    assert only(scene, "suspected-crash").name == "db-07"


def test_a_boot_that_was_seen_is_not_reported_again_by_its_id(scene: Scene) -> None:
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.wait(30)
    scene.hear("alive", boot="id-2")
    scene.wait(3)

    assert scene.messages == []


@pytest.mark.parametrize("boot_first", [False, True])
def test_a_boot_may_arrive_before_what_explains_it(
    scene: Scene, *, boot_first: bool
) -> None:
    scene.wait(20)
    at = rfc3339(NOON + 2)
    crash = make_crash(1, at=rfc3339(NOON + 1), ended_at=at)
    boot = Boot("b", scene.now, crash.source, None, "b2", True, at, "end")
    for event in (boot, crash) if boot_first else (crash, boot):
        scene.feed(event)
    scene.wait(3)

    assert scene.kinds() == ["incident", "back"]
    assert facts(scene.messages[1]).hosts[0].down_s == pytest.approx(19)


@pytest.mark.parametrize("step", [-7200.0, 7200.0, 86400.0 * 365])
def test_a_step_of_the_clock_changes_nothing(scene: Scene, step: float) -> None:
    scene.crash()
    scene.wait(100)
    scene.wall += step
    scene.crash(host=3)
    scene.wait(100)
    scene.boot(announced=True, last_heard_at=rfc3339(scene.wall - 200))
    scene.wait(98)
    assert scene.kinds() == ["incident", "back", "follow-up"]
    assert facts(scene.messages[1]).hosts[0].down_s == 200
