from __future__ import annotations

import datetime as dt

import pytest

from omprog_panic.admin.time_range import parse_time
from omprog_panic.errors import OmprogPanicError

NOW = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("now", "2026-11-28T09:30:00"),
        ("90m", "2026-11-28T08:00:00"),
        ("1d12h", "2026-11-26T21:30:00"),
        ("2w", "2026-11-14T09:30:00"),
        ("today", "2026-11-28T00:00:00"),
        ("yesterday", "2026-11-27T00:00:00"),
        ("yesterday  18:00", "2026-11-27T18:00:00"),
        ("today 06:30", "2026-11-28T06:30:00"),
        ("22:00", "2026-11-28T22:00:00"),
        ("2026-11-01", "2026-11-01T00:00:00"),
        ("2026-11-01 07:30", "2026-11-01T07:30:00"),
        ("2026-11-01T07:30+02:00", "2026-11-01T05:30:00"),
        ("2026-11-01T07:30:15Z", "2026-11-01T07:30:15"),
    ],
)
def test_a_time_is_understood(text: str, wanted: str) -> None:
    found = dt.datetime.fromtimestamp(parse_time(text, NOW), dt.UTC)

    assert found == dt.datetime.fromisoformat(wanted).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "2026-13-01", "yesterday noon", "0001-01-01T00+99:00"]
)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(OmprogPanicError, match="is not a time: write for example 12h"):
        parse_time(text, NOW)


def test_a_bad_duration_is_refused() -> None:
    with pytest.raises(OmprogPanicError, match="is not a valid duration"):
        parse_time("0h", NOW)
