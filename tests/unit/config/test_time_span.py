"""Recurring times, also where the clock is set forward or back."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from omprog_panic.config.time_span import (
    parse_moment,
    parse_span,
    show_moment,
)

SUNDAY = "Sun 02:00-04:00 Europe/Berlin"


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return parse_moment(f"{text} {zone}")


def shown(text: str, after: str) -> list[str]:
    span = parse_span(text)
    found = span.next_after(at(after))
    assert found is not None
    return [show_moment(moment, span.zone) for moment in found]


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        (SUNDAY, "Sun 2026-12-06 02:00 CET", "Sun 2026-12-06 04:00 CET"),
        ("Fri 22:00-06:00 UTC", "Fri 2026-12-04 22:00 UTC", "Sat 2026-12-05 06:00 UTC"),
        ("last Sat UTC", "Sat 2026-12-26 00:00 UTC", "Sun 2026-12-27 00:00 UTC"),
        (
            "first Sun 1:00-2:30 UTC",
            "Sun 2026-12-06 01:00 UTC",
            "Sun 2026-12-06 02:30 UTC",
        ),
        (
            "2026-12-24..2026-12-26 UTC",
            "Thu 2026-12-24 00:00 UTC",
            "Fri 2026-12-25 00:00 UTC",
        ),
        (
            "daily 22:00-24:00 UTC",
            "Tue 2026-12-01 22:00 UTC",
            "Wed 2026-12-02 00:00 UTC",
        ),
        (
            "Mon,Wed 08:00-09:00 Asia/Tokyo",
            "Wed 2026-12-02 08:00 JST",
            "Wed 2026-12-02 09:00 JST",
        ),
        (
            "sat-mon 08:00-09:00 UTC",
            "Sat 2026-12-05 08:00 UTC",
            "Sat 2026-12-05 09:00 UTC",
        ),
    ],
)
def test_the_next_occurrence_is_found(text: str, starts: str, ends: str) -> None:
    assert shown(text, "2026-12-01 12:00") == [starts, ends]


def test_an_occurrence_covers_its_start_and_not_its_end() -> None:
    span = parse_span(SUNDAY)

    assert span.covering(at("2026-12-06 01:59")) is None
    found = span.covering(at("2026-12-06 02:00"))
    assert found == (at("2026-12-06 02:00"), at("2026-12-06 04:00"))
    assert span.covering(at("2026-12-06 03:59")) == found
    assert span.covering(at("2026-12-06 04:00")) is None


def test_one_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    span = parse_span("Fri 22:00-06:00 UTC")

    assert span.covering(at("2026-12-05 05:00", "UTC"))
    assert span.covering(at("2026-12-04 05:00", "UTC")) is None


def test_one_that_is_going_on_is_the_next_one() -> None:
    span = parse_span(SUNDAY)

    assert span.next_after(at("2026-12-06 03:00")) == span.covering(
        at("2026-12-06 03:00")
    )


def test_after_its_last_date_there_is_none() -> None:
    span = parse_span("2026-12-24 Europe/Berlin")

    assert span.next_after(at("2026-12-25 00:00")) is None
    found = span.next_after(at("2020-01-01 00:00"))
    assert found is not None
    assert show_moment(found.starts_at, "UTC") == "Wed 2026-12-23 23:00 UTC"


@pytest.mark.parametrize(
    ("hours", "starts", "ends"),
    [
        # 29 March 2026: after 01:59 comes 03:00.
        ("02:00-04:00", "03:00 CEST", "04:00 CEST"),
        ("01:00-02:30", "01:00 CET", "03:30 CEST"),
        ("02:15-02:45", "03:15 CEST", "03:45 CEST"),
        ("02:30-03:15", "03:30 CEST", "04:15 CEST"),  # its length is kept
    ],
)
def test_a_time_that_is_left_out_is_an_hour_later(
    hours: str, starts: str, ends: str
) -> None:
    first, last = shown(f"Sun {hours} Europe/Berlin", "2026-03-28 12:00")

    assert (first, last) == (f"Sun 2026-03-29 {starts}", f"Sun 2026-03-29 {ends}")


@pytest.mark.parametrize(
    ("hours", "starts", "ends", "minutes"),
    [
        # 25 October 2026: after 02:59 comes 02:00 again.
        ("02:00-04:00", "02:00 CEST", "04:00 CET", 180),
        ("02:15-02:45", "02:15 CEST", "02:45 CEST", 30),
        ("01:00-02:30", "01:00 CEST", "02:30 CEST", 90),
        ("02:30-03:30", "02:30 CEST", "03:30 CET", 120),
    ],
)
def test_of_a_time_that_comes_twice_the_first_counts(
    hours: str, starts: str, ends: str, minutes: int
) -> None:
    span = parse_span(f"Sun {hours} Europe/Berlin")
    found = span.next_after(at("2026-10-24 12:00"))
    assert found is not None

    shown = [show_moment(moment, "Europe/Berlin")[15:] for moment in found]
    assert shown == [starts, ends]
    assert found.ends_at - found.starts_at == minutes * 60


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no time zone"),
        ("Sun", "has no time zone"),
        ("Sun 02:00-04:00", "has no time zone"),
        ("Sun 02:00-04:00 Europe/Berln", "unknown time zone 'Europe/Berln'"),
        ("Sun 02:00-04:00 ../../etc/passwd", "unknown time zone"),
        ("Sonntag 02:00-04:00 UTC", "'sonntag' is no weekday"),
        ("Sun 02:00-02:00 UTC", "these hours are none"),
        ("Sun 02:00-24:30 UTC", "these hours are none"),
        ("Sun 25:00-26:00 UTC", "is not understood"),
        ("first Sun Mon UTC", "is not understood"),
        ("2026-02-30 UTC", "'2026-02-30' is no date"),
        ("2026-12-26..2026-12-24 UTC", "ends before it begins"),
    ],
)
def test_what_is_no_time_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parse_span(text)

    assert "write " in str(caught.value) or "swap" in str(caught.value)


def test_a_moment_needs_its_zone() -> None:
    assert at("2026-11-29 02:00") == parse_moment("2026-11-29T01:00:00Z")
    with pytest.raises(ValueError, match="is not a time with its zone"):
        parse_moment("2026-11-29 02:00")
    with pytest.raises(ValueError, match="is not a time with its zone"):
        parse_moment("tomorrow")


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # back for Ramadan
    "Asia/Kolkata",  # never
)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hours", ["02:00-04:00", "01:30-02:15", "22:00-03:00"])
def test_a_year_of_every_night(zone: str, hours: str) -> None:
    """Each night has one window, whose ends are what the clock on the wall shows."""
    span, tz = parse_span(f"daily {hours} {zone}"), zoneinfo.ZoneInfo(zone)
    wall = at("2026-01-01 12:00", zone)
    begin, end = hours.split("-")
    days, odd = [], 0
    while wall < at("2027-01-01 12:00", zone):
        found = span.next_after(wall)
        assert found is not None
        assert wall <= found.starts_at < found.ends_at
        local = [dt.datetime.fromtimestamp(moment, tz) for moment in found]
        days.append(local[0].date())
        if [moment.strftime("%H:%M") for moment in local] != [begin, end]:
            odd += 1
            first, last = found
            # Only where the clock is set: the offset is another one by then.
            spread = {
                dt.datetime.fromtimestamp(moment, tz).utcoffset()
                for moment in (first - 7200, first, last, last + 7200)
            }
            assert len(spread) == 2, local
        for moment, inside in (
            (found.starts_at - 1, False),
            (found.starts_at, True),
            (found.ends_at - 1, True),
            (found.ends_at, False),
        ):
            assert (span.covering(moment) is not None) == inside
        wall = found.ends_at
    assert days == [days[0] + dt.timedelta(number) for number in range(len(days))]
    assert len(days) == 366
    assert odd <= 2
