"""Silences, in fake time."""

from __future__ import annotations

import pytest

from omprog_panic.config.routing import parse_match
from omprog_panic.notification.silence_ended import NamedIncident
from omprog_panic.policy.event import SilenceChanged
from tests.policies import (
    NOON,
    Scene,
    facts,
    services_of,
)


@pytest.fixture(params=[False, True], ids=["one-run", "restarted-every-time"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(restarts=request.param, life_signs={"never_seen_after_s": 0})


def test_a_silenced_crash_is_stored_and_sent_to_nobody(scene: Scene) -> None:
    scene.silence(600, host=["db-*"])
    scene.crash()
    scene.crash(host=3)

    assert [m.order_key for m in scene.messages] == ["10.0.0.3"]
    assert scene.reasons()[0] == ("STORE_SILENCED", "silence s1 by anna: new kernel")


def test_a_silence_that_ends_says_what_was_under_it(scene: Scene) -> None:
    scene.silence(600, host=["db-*"])
    crash = scene.crash()
    scene.wait(599)
    assert scene.messages == []
    scene.wait(2)

    [message] = scene.messages
    assert (message.kind.value, services_of(message)) == ("silence-ended", ("ops",))
    assert facts(message).crashes == 1
    assert facts(message).match == ("host=db-*",)
    [incident] = facts(message).incidents
    assert incident == NamedIncident(crash.id, crash.title, "db-07")


def test_a_silence_that_ends_with_nothing_under_it_says_nothing(scene: Scene) -> None:
    scene.silence(60, host=["db-*"])
    scene.wait(70)

    assert scene.messages == []
    assert scene.codes() == ["STORE_EXPECTED"]


def test_after_a_silence_the_next_crash_is_sent_at_once(scene: Scene) -> None:
    scene.silence(60, severity=["panic"])
    scene.crash()
    scene.wait(70)
    scene.crash()

    assert scene.kinds() == ["silence-ended", "incident"]


def test_a_silence_may_be_ended_before_its_time(scene: Scene) -> None:
    scene.silence(600, host=["db-*"])
    scene.crash()
    ended = SilenceChanged(
        "s1", parse_match({"host": ["db-*"]}), "anna", "", NOON, scene.wall
    )
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

    assert facts(scene.messages[0]).signs == 1


def test_a_silence_that_begins_later_does_not_apply_yet(scene: Scene) -> None:
    later = SilenceChanged("s1", (), "anna", "", NOON + 100, NOON + 200)
    scene.feed(later)
    scene.crash()
    scene.wait(110)
    scene.crash(cause="b")

    assert scene.codes() == ["NOTIFY_FIRST", "STORE_SILENCED"]
