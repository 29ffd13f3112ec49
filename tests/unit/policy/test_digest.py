"""The daily digest, in fake time."""

from __future__ import annotations

import pytest

from tests.policies import (
    Scene,
    facts,
)


def test_the_digest_comes_once_a_day_with_what_was_not_alerted() -> None:
    scene = Scene(digest={"at": "13:00"})
    scene.hear("alive")
    for host in (2, 3, 3):
        scene.crash(host, "w", severity="warning", kind="hung-task", panicked=False)
    scene.wait(3500, 10)
    assert scene.messages == []
    scene.wait(200, 10)

    [digest] = scene.of_kind("digest")
    [cause] = facts(digest).causes
    assert (cause.crashes, cause.hosts) == (3, ("db-07", "10.0.0.3"))
    scene.wait(20 * 3600, 60)
    scene.messages.clear()
    scene.wait(86400, 60)
    [digest] = scene.of_kind("digest")
    assert facts(digest).causes == ()
    assert [host.name for host in facts(digest).silent] == ["db-07"]


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


def test_a_new_administrator_gets_a_digest_in_the_morning() -> None:
    scene = Scene(digest={})
    scene.crash(severity="warning")
    scene.wait(20 * 3600 - 60, 600)
    assert scene.messages == []
    scene.wait(120, 60)

    [digest] = scene.of_kind("digest")
    assert facts(digest).causes[0].crashes == 1


@pytest.mark.parametrize("at", ["11:30", "12:30"])
@pytest.mark.parametrize("years", [3, -3])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_is_wrong_for_ten_minutes_ends_no_digest(
    at: str, years: int, restarts: bool
) -> None:
    wrong_s = years * 365 * 86400
    scene = Scene(digest={"at": at}, restarts=restarts)
    scene.wall += wrong_s
    scene.wait(600, 60)
    scene.wall -= wrong_s
    for _ in range(3):
        scene.messages.clear()
        scene.crash(severity="warning")
        scene.wait(86400, 600)
        assert len(scene.of_kind("digest")) == 1


@pytest.mark.parametrize("step_s", [-86400 * 400, -7200, 7200, 86400 * 400])
def test_a_step_just_after_the_digest_gives_no_second_one(step_s: int) -> None:
    scene = Scene(digest={"at": "12:30"})
    scene.crash(severity="warning")
    scene.wait(2400, 60)
    assert len(scene.of_kind("digest")) == 1
    scene.crash(severity="warning")
    scene.wall += step_s
    scene.wait(8 * 3600, 600)

    assert len(scene.of_kind("digest")) == 1
