"""A year of recurring windows in five time zones, in fake time."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from omprog_panic.clock import rfc3339
from tests.policies import Scene, facts

YEAR = 2026
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # back for Ramadan
    "Asia/Kolkata",  # never
)
MINUTE = 60.0


def first_moment(day: dt.date, hour: int, zone: zoneinfo.ZoneInfo) -> float:
    """The first minute at which the clock on the wall shows this hour, or later.

    It is looked for minute by minute in UTC, to find it in another way than the
    program does.
    """
    wall = dt.datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
    while True:
        local = dt.datetime.fromtimestamp(wall, zone)
        if local.date() == day and local.hour >= hour:
            return wall
        wall += MINUTE


def jump(scene: Scene, wall: float) -> None:
    """Let all the time pass at once; what is due is looked at then."""
    passed = wall - scene.wall
    assert passed >= 0
    scene.t += passed
    scene.listened += passed
    scene.wall = wall
    scene.feed()


@pytest.mark.parametrize("zone", ZONES)
def test_every_night_of_a_year_is_silent_from_two_to_four(zone: str) -> None:
    window = {"name": "night", "match": {"host": "db-*"}}
    scene = Scene(
        maintenance=[{**window, "every": f"daily 02:00-04:00 {zone}"}],
        lifecycle={"resolve_after_s": 0},
        life_signs={"never_seen_after_s": 0},
        grouping={"host_causes_per_hour": 10},
    )
    tz, lengths, number = zoneinfo.ZoneInfo(zone), set(), 0
    day = dt.datetime.fromtimestamp(scene.wall, tz).date()
    for _ in range(365):
        day += dt.timedelta(1)
        starts_at, ends_at = (first_moment(day, hour, tz) for hour in (2, 4))
        lengths.add(ends_at - starts_at)
        hidden = []
        for at, is_inside in (
            (starts_at - MINUTE, False),
            (starts_at, True),
            (ends_at - MINUTE, True),
            (ends_at, False),
        ):
            jump(scene, at)
            number += 1
            crash = scene.crash(cause=f"cause-{number}", at=rfc3339(at))
            sent = scene.messages and scene.messages[-1].incident_id == crash.id
            assert bool(sent) == (not is_inside), (day, at)
            hidden += [crash.id] if is_inside else []
        [ended] = scene.of_kind("silence-ended")
        assert [item.id for item in facts(ended).incidents] == hidden
        assert (facts(ended).starts_at, facts(ended).ends_at) == (starts_at, ends_at)
        scene.messages.clear()
        # Only one night at a time is of interest, not the memory of a year.
        for table in (scene.engine.memory.lifecycles, scene.engine.memory.causes):
            for key in list(table.rows):
                table.drop(key)

    expected = {
        "Europe/Berlin": {3600.0, 7200.0, 10800.0},
        "America/New_York": {3600.0, 7200.0},  # back at 02:00, before the window
        "Australia/Lord_Howe": {5400.0, 7200.0},  # back at 02:00, too
        "Africa/Casablanca": {3600.0, 7200.0, 10800.0},
        "Asia/Kolkata": {7200.0},
    }
    assert lengths == expected[zone]
