from __future__ import annotations

import pytest

from omprog_panic.config.duration import format_duration, parse_duration


@pytest.mark.parametrize("text", ["90s", "1h30m", "1d12h", "1w", "52w1d"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    seconds = parse_duration(text)

    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "0m", "2", "2 h", "h2", "367d", "1y", "-1h"])
def test_what_is_no_duration_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid duration"):
        parse_duration(text)


def test_nothing_is_written_as_seconds() -> None:
    assert format_duration(0.0) == "0s"
