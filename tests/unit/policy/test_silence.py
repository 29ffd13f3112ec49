"""Silences, in fake time."""

from __future__ import annotations

from typing import Any

import pytest

from omprog_panic.config.routing import parse_match
from omprog_panic.notification.silence_ended import NamedIncident
from omprog_panic.policy.event import SilenceChanged
from tests.policies import (
    NOON,
    OPS,
    Scene,
    configured,
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


def test_a_crash_is_judged_by_when_it_happened_not_by_when_it_arrived(
    scene: Scene,
) -> None:
    before = scene.now
    scene.wait(5)
    scene.silence(600, host=["db-*"])
    scene.crash(at=before, ended_at=before)

    assert scene.kinds() == ["incident"]


WINDOW = "daily 12:10-12:40 UTC"  # the scene begins at noon


def test_a_window_covers_what_begins_in_it_each_time(scene: Scene) -> None:
    scene.window(WINDOW, host=["db-*"])
    for day in range(3):
        scene.wait(660, 10)
        crash = scene.crash(cause=f"cause-{day}")
        assert scene.messages == []
        scene.wait(1790, 10)
        [message] = scene.messages
        assert message.kind.value == "silence-ended"
        assert [i.id for i in facts(message).incidents] == [crash.id]
        assert facts(message).every == (WINDOW,)
        assert facts(message).ends_at - facts(message).starts_at == 1800
        assert facts(message).down == ("db-07",)
        scene.boot()
        scene.messages.clear()
        scene.wait(86400 - 660 - 1790 - 3, 600)
    assert scene.codes().count("STORE_SILENCED") == 3


def test_a_crash_before_the_window_is_not_hidden_nor_is_its_end(scene: Scene) -> None:
    scene.window(WINDOW, host=["db-*"])
    scene.wait(590, 10)
    scene.crash()
    scene.wait(60, 10)
    scene.boot()
    scene.crash()  # of a cause that is open
    scene.wait(700, 10)

    assert scene.kinds() == ["incident", "back", "panic-loop"]


def test_a_crash_whose_trace_ends_in_the_window_began_before_it(scene: Scene) -> None:
    scene.window(WINDOW, host=["db-*"])
    scene.wait(598)
    begun = scene.now
    scene.wait(10)
    scene.crash(at=begun)

    assert scene.kinds() == ["incident"]


def test_a_crash_whose_trace_ends_after_the_window_is_named_all_the_same(
    scene: Scene,
) -> None:
    scene.window(WINDOW, host=["db-*"])
    scene.wait(2398, 2)
    begun = scene.now
    scene.wait(10)
    crash = scene.crash(at=begun)
    scene.wait(2)

    [message] = scene.messages
    assert message.kind.value == "silence-ended"
    assert [i.id for i in facts(message).incidents] == [crash.id]


def test_a_boot_in_a_window_explains_itself(scene: Scene) -> None:
    scene.hear("alive", next_s=900, boot="id-1")
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.window(WINDOW, host=["db-*"])
    scene.wait(840, 10)
    scene.boot(last_heard_at=scene.now)

    assert scene.messages == []
    assert scene.reasons()[-1] == (
        "STORE_SILENCED",
        f"suspected-crash: silence s4 by anna ({WINDOW}): patches",
    )
    scene.wait(1700, 10)
    [message] = scene.messages
    assert [(e.kind, e.host) for e in facts(message).events] == [
        ("suspected-crash", "db-07")
    ]


def test_a_host_that_was_gone_before_the_window_is_not_hidden(scene: Scene) -> None:
    scene.hear("alive", next_s=60, boot="id-1")
    scene.hear("farewell")
    scene.boot(announced=True)
    scene.hear("alive", next_s=60)
    gone = scene.now
    scene.window(WINDOW, host=["db-*"])
    scene.wait(700, 10)
    scene.boot(last_heard_at=gone)

    assert scene.kinds() == ["suspected-crash"]


def test_a_host_that_is_silent_when_the_window_ends_is_named() -> None:
    scene = Scene(
        life_signs={"never_seen_after_s": 0, "silent_after_s": 300},
        senders=[{"name": "db-07", "address": "10.0.0.2"}],
    )
    scene.window(WINDOW, host=["db-*"])
    for _ in range(11):
        scene.hear("alive", next_s=60)
        scene.wait(60, 10)
    scene.wait(1800, 10)

    [message] = scene.messages
    assert [(e.kind, e.host) for e in facts(message).events] == [
        ("sender-silent", "db-07")
    ]
    assert facts(message).down == ("db-07",)


WINDOWS: dict[str, Any] = {
    "maintenance": [
        {"name": "patches", "match": {"host": "db-*"}, "every": WINDOW},
    ]
}


def test_windows_of_the_configuration_are_silences_with_their_names() -> None:
    scene = Scene(**WINDOWS)
    scene.wait(660, 10)
    scene.crash()
    scene.crash(host=3)

    assert [m.order_key for m in scene.messages] == ["10.0.0.3"]
    assert scene.reasons()[0] == (
        "STORE_SILENCED",
        f"maintenance window patches ({WINDOW}): maintenance",
    )


def test_a_window_that_is_taken_out_of_the_configuration_says_what_was_under_it() -> (
    None
):
    scene = Scene(**WINDOWS)
    scene.wait(660, 10)
    scene.crash()
    scene.feed(configured({}, [OPS]))

    [message] = scene.of_kind("silence-ended")
    assert facts(message).id == "patches"
    assert not [r for r in scene.engine.memory.silences.rows.values() if r.is_window]


def test_a_changed_window_is_the_same_one_with_other_times() -> None:
    scene = Scene(**WINDOWS)
    changed = [{"name": "patches", "match": {"host": "web-*"}, "every": "Sun UTC"}]
    scene.feed(configured({"maintenance": changed}, [OPS]))

    [row] = scene.engine.memory.silences.rows.values()
    assert str(row.every[0]) == "Sun UTC"
    assert str(row.match[0]) == "host=web-*"


def test_at_the_rate_limit_what_was_under_a_silence_is_said_later() -> None:
    scene = Scene(grouping={"messages_per_hour": 2}, **WINDOWS)
    scene.wait(660, 10)
    crash = scene.crash()
    scene.wait(1500, 10)
    scene.crash(host=3, cause="b")
    scene.wait(1000, 10)
    assert scene.of_kind("silence-ended") == []
    scene.wait(3600, 10)

    [message] = scene.of_kind("silence-ended")
    assert [item.id for item in facts(message).incidents] == [crash.id]
