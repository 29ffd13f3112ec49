"""Points in time as people type them: ``--since`` and ``--until``. Pure."""

from __future__ import annotations

import datetime as dt
import re

from omprog_panic.admin.silences import parse_duration
from omprog_panic.errors import OmprogPanicError

_DAYS = {"today": 0, "yesterday": 1}
_TIME = re.compile(r"(?:(?P<day>today|yesterday) )?(?P<hour>\d\d?):(?P<minute>\d\d)")


def parse_time(text: str, now: float) -> float:
    """Return the wall time that a text means; without a time zone, in UTC.

    >>> parse_time("12h", 86400.0), parse_time("1970-01-02", 0.0)
    (43200.0, 86400.0)
    >>> parse_time("yesterday 06:30", 90000.0), parse_time("06:30", 90000.0)
    (23400.0, 109800.0)

    Raises:
        OmprogPanicError: it means none.

    """
    words = " ".join(text.split())
    today = dt.datetime.fromtimestamp(now, dt.UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    if words in _DAYS:
        return (today - dt.timedelta(days=_DAYS[words])).timestamp()
    if words == "now":
        return now
    if words[:1].isdigit() and words[-1:].isalpha() and words[-1] in "smhdw":
        return now - parse_duration(words)
    try:
        if found := _TIME.fullmatch(words):
            day = today - dt.timedelta(days=_DAYS[found["day"] or "today"])
            return day.replace(
                hour=int(found["hour"]), minute=int(found["minute"])
            ).timestamp()
        parsed = dt.datetime.fromisoformat(words)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=dt.UTC)
        return parsed.timestamp()
    except (ValueError, OverflowError) as error:
        raise OmprogPanicError(
            f"{text!r} is not a time: write for example 12h (ago), today, yesterday, "
            "22:00, 2026-11-28 or '2026-11-28 07:30'; without a time zone it is UTC"
        ) from error
