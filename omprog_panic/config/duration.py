"""Durations as people write them: ``90m``, ``1d12h``. Pure."""

from __future__ import annotations

import re

MAX_SECONDS = 366 * 86400.0
_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)


def parse_duration(text: str) -> float:
    """Return the seconds of a duration.

    >>> parse_duration("1d12h")
    129600.0

    Raises:
        ValueError: not a duration, or too long; the message says what to write.

    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(
            f"{text!r} is not a valid duration: write for example 90m, 2h or 1d12h"
        )
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError(
            f"{text!r} is not a valid duration: it must be longer than 0 and at most "
            "366d"
        )
    return seconds


def format_duration(seconds: float) -> str:
    """Return the duration that ``parse_duration`` parses to whole seconds.

    >>> format_duration(5400.0)
    '1h30m'
    """
    left, words = round(seconds), ""
    for unit, length in _UNITS.items():
        count, left = divmod(left, int(length))
        words += f"{count}{unit}" if count else ""
    return words or "0s"
