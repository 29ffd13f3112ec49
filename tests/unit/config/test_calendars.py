from __future__ import annotations

import pytest

from omprog_panic.config.calendars import is_time, parse_entry, parse_times
from omprog_panic.config.time_span import parse_moment

CALENDARS = {
    "office": ("Mon-Fri 08:00-18:00 Europe/Berlin",),
    "holidays": ("2026-12-24..2026-12-26 Europe/Berlin",),
}


def at(text: str) -> float:
    return parse_moment(f"{text} Europe/Berlin")


@pytest.mark.parametrize(
    ("times", "when", "expected"),
    [
        ([], "2026-12-02 12:00", True),
        (["office"], "2026-12-02 12:00", True),
        (["office"], "2026-12-02 19:00", False),
        (["!office"], "2026-12-02 19:00", True),
        (["! office"], "2026-12-02 12:00", False),
        (["office", "!holidays"], "2026-12-24 12:00", False),
        (["office", "!holidays"], "2026-12-23 12:00", True),
        (["office", "Sat 10:00-12:00 UTC"], "2026-12-05 12:00", True),
    ],
)
def test_times_are_any_of_the_wanted_ones_and_none_that_is_excluded(
    times: list[str], when: str, expected: bool
) -> None:
    assert is_time(parse_times(times, CALENDARS), at(when)) is expected


def test_one_entry_needs_no_list() -> None:
    assert parse_times("office", CALENDARS) == parse_times(["office"], CALENDARS)


def test_what_is_neither_says_which_calendars_there_are() -> None:
    with pytest.raises(ValueError, match="known here: office, holidays"):
        parse_entry("offices", CALENDARS)
    with pytest.raises(ValueError, match="has no time zone"):
        parse_entry("Sun 02:00-04:00", CALENDARS)


def test_the_next_time_is_the_earliest_of_all_spans() -> None:
    entry = parse_entry("x", {"x": ("Tue UTC", "Mon UTC")})
    found = entry.next_after(parse_moment("2026-12-05T12:00:00Z"))

    assert found is not None
    assert found.starts_at == parse_moment("2026-12-07T00:00:00Z")
    assert parse_entry("x", {"x": ("2020-01-01 UTC",)}).next_after(1.9e9) is None
