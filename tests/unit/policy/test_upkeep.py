"""Silences, the digest, and the monitor's own ears, in fake time."""

from __future__ import annotations

import pytest

from omprog_panic.policy.event import (
    ConfigChanged,
    ProbeReturned,
    ProbeSent,
    SilenceChanged,
)
from omprog_panic.policy.timestamps import Timekeeper, Timestamps
from tests.policies import LISTED, NOON, OPS, Scene


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-turn"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(restarts=request.param, life_signs={"never_seen_after_s": 0})


def test_a_silenced_crash_is_stored_and_told_to_nobody(scene: Scene) -> None:
    scene.silence(600, host=["db-*"])
    scene.crash()
    scene.crash(host=3)

    assert [m.order_key for m in scene.messages] == ["10.0.0.3"]
    assert scene.words()[0] == ("STORE_SILENCED", "silence s1 by anna: new kernel")


def test_a_silence_that_ends_says_what_was_under_it(scene: Scene) -> None:
    scene.silence(600, host=["db-*"])
    crash = scene.crash()
    scene.wait(599)
    assert scene.messages == []
    scene.wait(2)

    [message] = scene.messages
    assert (message.kind, message.services) == ("silence-ended", ("ops",))
    assert message.details["crashes"] == 1
    assert message.details["match"] == ["host=db-*"]
    [incident] = message.details["incidents"]
    assert incident == {"id": crash.id, "title": crash.title, "host": "db-07"}


def test_a_silence_that_ends_with_nothing_under_it_says_nothing(scene: Scene) -> None:
    scene.silence(60, host=["db-*"])
    scene.wait(70)

    assert scene.messages == []
    assert scene.codes() == ["STORE_EXPECTED"]


def test_after_a_silence_the_next_crash_is_told_at_once(scene: Scene) -> None:
    scene.silence(60, severity=["panic"])
    scene.crash()
    scene.wait(70)
    scene.crash()

    assert scene.kinds() == ["silence-ended", "incident"]


def test_a_silence_may_be_ended_before_its_time(scene: Scene) -> None:
    scene.silence(600, host=["db-*"])
    scene.crash()
    ended = SilenceChanged("s1", {"host": ["db-*"]}, "anna", "", NOON, scene.wall)
    scene.feed(ended)

    assert scene.kinds() == ["silence-ended"]


def test_a_silence_covers_life_signs_too() -> None:
    scene = Scene()
    scene.hear("alive")
    scene.silence(7200, host=["10.0.0.0/8"])
    scene.wait(4000, 10)
    assert scene.messages == []
    assert "STORE_SILENCED" in scene.codes()
    scene.wait(4000, 10)

    assert scene.messages[0].details["signs"] == 1


def test_a_silence_that_begins_later_does_not_hold_yet(scene: Scene) -> None:
    later = SilenceChanged("s1", {}, "anna", "", NOON + 100, NOON + 200)
    scene.feed(later)
    scene.crash()
    scene.wait(110)
    scene.crash(cause="b")

    assert scene.codes() == ["NOTIFY_FIRST", "STORE_SILENCED"]


def test_the_digest_comes_once_a_day_with_what_was_not_alerted() -> None:
    scene = Scene(digest={"at": "13:00"})
    scene.hear("alive")
    for host in (2, 3, 3):
        scene.crash(host, "w", severity="warning", kind="hung-task", panicked=False)
    scene.wait(3500, 10)
    assert scene.messages == []
    scene.wait(200, 10)

    [digest] = scene.of_kind("digest")
    [cause] = digest.details["causes"]
    assert (cause["crashes"], cause["hosts"]) == (3, ["db-07", "10.0.0.3"])
    scene.wait(20 * 3600, 60)
    scene.messages.clear()
    scene.wait(86400, 60)
    [digest] = scene.of_kind("digest")
    assert digest.details["causes"] == []
    assert [host["name"] for host in digest.details["silent"]] == ["db-07"]


def test_a_day_without_news_has_no_digest() -> None:
    scene = Scene(digest={"at": "13:00"}, life_signs={"never_seen_after_s": 0})
    scene.wait(3 * 86400, 600)

    assert scene.messages == []
    assert scene.codes() == ["STORE_EXPECTED"] * 3


def test_a_clock_that_is_set_back_gives_no_second_digest() -> None:
    scene = Scene(digest={"at": "13:00"})
    scene.crash(severity="warning")
    scene.wait(3700, 10)
    scene.crash(severity="warning")
    scene.wall -= 7200
    scene.wait(7300, 10)

    assert len(scene.of_kind("digest")) == 1


def send_probes(scene: Scene, seconds: float, *, answered: bool) -> int:
    sent, end = 0, scene.t + seconds
    while scene.t < end:
        moment = Timestamps(scene.t, scene.wall, scene.listened)
        if scene.engine.probe_is_due(moment):
            sent += 1
            scene.feed(ProbeSent(f"{scene.t}"))
            if answered:
                scene.feed(ProbeReturned(f"{scene.t}"))
        scene.wait(10, 10)
    return sent


def test_a_datagram_of_our_own_is_sent_at_start_and_at_intervals(scene: Scene) -> None:
    assert send_probes(scene, 3600, answered=True) == 4
    assert scene.messages == []


def test_a_monitor_that_does_not_hear_itself_is_deaf(scene: Scene) -> None:
    send_probes(scene, 3600, answered=True)
    scene.wait(900)
    send_probes(scene, 240, answered=False)

    [message] = scene.messages
    assert (message.kind, message.details["misses"]) == ("monitor-deaf", 3)
    send_probes(scene, 600, answered=False)
    assert len(scene.messages) == 1
    send_probes(scene, 61, answered=True)
    assert scene.kinds() == ["monitor-deaf", "monitor-hears"]
    assert scene.messages[1].details["deaf_s"] > 500


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

    assert scene.messages[0].details["error"] == "Network is unreachable"


@pytest.mark.parametrize("misses", [1, 3])
def test_without_an_interval_the_monitor_is_not_called_deaf(
    scene: Scene, misses: int
) -> None:
    for number in range(misses + 1):
        scene.feed(ProbeSent(f"t{number}"))
        scene.wait(60)
    scene.messages.clear()
    check = {"interval_s": 0}
    scene.feed(ConfigChanged({"senders": LISTED, "self_check": check}, [OPS]))

    assert scene.engine.hearing
    assert scene.messages == []


def test_without_an_interval_none_is_sent() -> None:
    scene = Scene(self_check={"interval_s": 0})

    assert send_probes(scene, 7200, answered=True) == 0


def test_a_service_that_is_gone_takes_its_groups_along(scene: Scene) -> None:
    scene.crash()
    scene.crash(host=3)
    scene.feed(ConfigChanged({}, [["new", "json", ["ops"]]]))
    scene.wait(400)
    assert scene.kinds() == ["incident"]
    scene.crash(host=4)

    assert scene.messages[-1].services == ("new",)
    assert scene.messages[-1].kind == "incident"


def test_the_time_of_the_policy_goes_on_whatever_the_clocks_do() -> None:
    keeper = Timekeeper(None)
    assert keeper.moment(1000.0, 50.0) == Timestamps(0.0, 1000.0, 0.0)
    assert keeper.moment(500.0, 60.0) == Timestamps(10.0, 500.0, 10.0)
    assert keeper.moment(9000.0, 70.0, hearing=False) == Timestamps(20.0, 9000.0, 10.0)
    after = Timekeeper(Timestamps(20.0, 9000.0, 10.0))
    assert after.moment(12600.0, 5.0) == Timestamps(3620.0, 12600.0, 10.0)
    assert after.moment(12601.0, 6.0) == Timestamps(3621.0, 12601.0, 11.0)
    earlier = Timekeeper(Timestamps(20.0, 9000.0, 10.0))
    assert earlier.moment(100.0, 5.0) == Timestamps(20.0, 100.0, 10.0)


def test_a_moment_places_times_of_the_wall_clock() -> None:
    moment = Timestamps(100.0, NOON, 50.0)

    assert moment.t_of("2026-09-21T11:59:50+00:00") < 100.0
    assert moment.t_of("2126-01-01T00:00:00+00:00") == 100.0
    assert moment.t_of("rubbish") == moment.t_of(None) == moment.t_of("2026-01-01")
