"""Back, suspected crash, silent, never heard: what life signs mean, in fake time."""

from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.clock import rfc3339
from omprog_panic.policy.event import Boot, ConfigChanged
from omprog_panic.policy.life import CRASH_EXPLAINS_S
from tests.policies import NOON, OPS, Scene, make_crash

HOUR = 3600.0


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-turn"])
def scene(request: pytest.FixtureRequest) -> Scene:
    scene = Scene(restarts=request.param)
    scene.hear("alive", boot="id-1", kernel="6.1", next_s=900)
    return scene


def only(scene: Scene, kind: str) -> dict[str, Any]:
    [message] = scene.messages
    assert message.kind == kind
    assert message.details["count"] == 1
    entry: dict[str, Any] = message.details["hosts"][0]
    return entry


def test_a_panic_followed_by_a_boot_is_back(scene: Scene) -> None:
    crash = scene.crash()
    scene.messages.clear()
    scene.wait(192)
    scene.boot(announced=True, kernel="6.1.0-57", last_heard_at=crash.ended_at)

    host = only(scene, "back")
    assert (host["name"], host["down_s"], host["kernel"]) == ("db-07", 192, "6.1.0-57")
    assert host["kernel_before"] == "6.1.0-56-cloud-amd64"
    assert (host["incident_id"], host["title"]) == (crash.id, crash.title)


def test_an_oops_that_kdump_cut_short_explains_the_boot(scene: Scene) -> None:
    crash = scene.crash(panicked=False, severity="oops")
    scene.messages.clear()
    scene.wait(60)
    scene.boot(last_heard_at=crash.ended_at)

    assert only(scene, "back")["incident_id"] == crash.id


def test_an_oops_that_was_survived_explains_nothing(scene: Scene) -> None:
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.crash(panicked=False, severity="oops")
    scene.wait(CRASH_EXPLAINS_S + 100)
    scene.hear("heard")
    scene.messages.clear()
    scene.wait(HOUR / 2, 10)
    scene.boot()

    assert only(scene, "suspected-crash")["says_farewell"]


def test_a_boot_after_a_farewell_is_nothing(scene: Scene) -> None:
    scene.hear("farewell")
    scene.wait(40)
    scene.boot(announced=True)

    assert scene.messages == []
    assert scene.words() == [("STORE_EXPECTED", "boot: it had said that it goes down")]


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
    assert host["last_text"] == "EXT4-fs (sda1): mounted"
    assert host["last_heard_at"] == scene.wall - 63


def test_of_others_it_goes_into_the_digest() -> None:
    scene = Scene(digest={"at": "08:00"})
    scene.hear("heard")
    scene.wait(600, 60)
    scene.boot()
    assert scene.messages == []
    assert scene.codes() == ["STORE_DIGEST"]

    scene.wait(86400, 600)
    [digest] = scene.of_kind("digest")
    assert [boot["name"] for boot in digest.details["boots"]] == ["db-07"]


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
    assert only(scene, "suspected-crash")["name"] == "db-07"


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
    assert only(scene, "suspected-crash")["name"] == "db-07"


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
    assert only(scene, "suspected-crash")["name"] == "db-07"


def test_a_boot_that_was_seen_is_not_told_again_by_its_id(scene: Scene) -> None:
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
    assert scene.messages[1].details["hosts"][0]["down_s"] == pytest.approx(19)


def test_a_crash_after_a_drill_says_so(scene: Scene) -> None:
    scene.hear("drill")
    scene.wait(20)
    scene.crash()
    scene.crash(host=3)

    drill, real = scene.messages
    assert drill.details["drill"]
    assert not real.details["drill"]


def test_a_drill_is_over_after_a_while(scene: Scene) -> None:
    scene.hear("drill")
    scene.wait(700, 10)
    scene.crash()

    assert not scene.messages[0].details["drill"]


def test_heartbeats_farewells_and_tests_are_no_incidents(scene: Scene) -> None:
    for says in ("alive", "heard", "farewell", "verify", "drill"):
        scene.hear(says)
        scene.wait(5)

    assert scene.messages == []
    assert scene.decided == []


def test_a_sender_with_heartbeats_that_is_silent_is_told_once(scene: Scene) -> None:
    scene.wait(HOUR + 60, 10)
    host = only(scene, "sender-silent")
    assert (host["name"], host["limit_s"]) == ("db-07", HOUR)
    assert host["last_heard_at"] == NOON
    scene.wait(20 * HOUR, 60)
    assert len(scene.messages) == 1

    scene.messages.clear()
    scene.hear("heard")
    host = only(scene, "sender-speaks")
    assert host["last_heard_at"] == NOON
    scene.wait(HOUR / 2, 60)
    assert len(scene.messages) == 1


def test_one_without_heartbeats_may_be_silent() -> None:
    scene = Scene()
    scene.hear("heard")
    scene.wait(30 * HOUR, 60)

    assert scene.messages == []


def test_its_own_limit_holds_without_heartbeats_too() -> None:
    senders = [{"name": "db-07", "address": "10.0.0.2", "silent_after_s": 7200}]
    scene = Scene(senders=senders)
    scene.hear("heard")
    scene.wait(7100, 60)
    assert scene.messages == []
    scene.wait(200, 60)

    assert only(scene, "sender-silent")["limit_s"] == 7200


def test_one_that_is_taken_off_the_list_is_silent_no_more(scene: Scene) -> None:
    scene.wait(HOUR + 60, 60)
    assert scene.kinds() == ["sender-silent"]

    scene.feed(ConfigChanged({"senders": []}, [OPS]))
    assert not any(row.silent for row in scene.engine.state.senders.rows.values())
    scene.hear("alive", boot="id-1")
    assert scene.kinds() == ["sender-silent"]


def test_two_heartbeats_must_be_missing(scene: Scene) -> None:
    scene.hear("alive", boot="id-1", next_s=3600)
    scene.wait(2.4 * HOUR, 60)
    assert scene.messages == []
    scene.wait(0.2 * HOUR, 60)

    assert scene.kinds() == ["sender-silent"]


def test_an_unlisted_one_is_never_called_silent(scene: Scene) -> None:
    scene.hear("alive", host=9, boot="x")
    scene.hear("farewell")
    scene.wait(5 * HOUR, 60)

    assert scene.messages == []


def test_one_that_crashed_or_went_down_is_not_called_silent(scene: Scene) -> None:
    scene.hear("farewell")
    scene.wait(5 * HOUR, 60)
    assert scene.messages == []

    scene.boot(announced=True)
    scene.crash()
    scene.wait(5 * HOUR, 60)
    assert scene.kinds() == ["incident"]


def test_a_listed_one_that_was_never_heard_is_told_once() -> None:
    senders = [
        {"name": "db-07", "address": "10.0.0.2"},
        {"name": "db-08", "address": "10.0.0.3"},
        {"name": "rack", "address": "10.1.0.0/24"},
    ]
    scene = Scene(senders=senders)
    scene.hear("heard", host=3)
    scene.wait(HOUR + 30, 10)
    host = only(scene, "never-heard")
    assert (host["name"], host["address"]) == ("db-07", "10.0.0.2")
    scene.wait(10 * HOUR, 60)
    assert len(scene.messages) == 1

    scene.messages.clear()
    scene.hear("heard")
    assert only(scene, "sender-speaks")["address"] == "10.0.0.2"


def test_a_monitor_that_was_down_for_an_hour_calls_nobody_silent(scene: Scene) -> None:
    for host in range(3, 100):
        scene.hear("alive", host=host)
    scene.t += HOUR
    scene.wall += HOUR
    scene.restart()
    scene.wait(HOUR / 2, 10)

    assert scene.messages == []


def test_nobody_is_silent_while_we_do_not_hear(scene: Scene) -> None:
    scene.wait(5 * HOUR, 60, hearing=False)

    assert scene.messages == []


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
    assert scene.messages[1].details["hosts"][0]["down_s"] == 200


@pytest.mark.parametrize("step", [-7200.0, 7200.0, 86400.0 * 365])
def test_no_step_of_the_clock_makes_a_sender_silent_or_speak(
    scene: Scene, step: float
) -> None:
    scene.hear("alive", next_s=900)
    scene.wait(600, 10)
    scene.wall += step
    scene.wait(HOUR - 700, 10)
    assert scene.messages == []

    # Its silence is told when it was silent so long, not when the clock says so.
    scene.wait(200, 10)
    assert scene.kinds() == ["sender-silent"]
    scene.wall -= step
    scene.wait(HOUR / 2, 10)
    assert scene.kinds() == ["sender-silent"]


def test_many_that_are_silent_at_once_are_one_message() -> None:
    senders = [{"name": f"h{n}", "address": f"10.0.0.{n}"} for n in range(2, 252)]
    scene = Scene(senders=senders)
    for n in range(2, 252):
        scene.hear("alive", host=n)
    scene.wait(HOUR + 30, 10)

    [message] = scene.messages
    assert (message.kind, message.details["count"]) == ("sender-silent", 250)
    assert len(message.details["hosts"]) == 200


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
    assert sum(m.details["count"] for m in scene.of_kind("back")) == 38
