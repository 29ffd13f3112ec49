"""What people do with silences; the alerter takes it up within seconds."""

from __future__ import annotations

import contextlib
import re
import uuid
from typing import TYPE_CHECKING, Any

from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.vocabulary import why_no_match
from omprog_panic.errors import OmprogPanicError, SpoolError
from omprog_panic.policy.match import build_match
from omprog_panic.render.context import utc
from omprog_panic.spool.writer import SpoolWriter
from omprog_panic.store import silences
from omprog_panic.store.connect import existing_database
from omprog_panic.store.silences import MAX_SILENCES, StoredSilence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.config.model import Paths

ID_DIGITS = 8
MAX_SECONDS = 366 * 86400.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LENGTH = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)


def seconds_of(text: str) -> float:
    """Read a length of time.

    >>> seconds_of("1d12h")
    129600.0

    Raises:
        OmprogPanicError: it is none, or too long.

    """
    parts = _LENGTH.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise OmprogPanicError(f"{text!r} is no length of time: write 90m, 2h or 1d12h")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if not 0 < seconds <= MAX_SECONDS:
        raise OmprogPanicError(f"{text!r}: write more than nothing and at most 366d")
    return seconds


def add_silence(
    paths: Paths,
    match: Mapping[str, Sequence[str]],
    seconds: float,
    author: str,
    comment: str,
) -> dict[str, Any]:
    """Begin a silence now.

    Raises:
        OmprogPanicError: there are too many already, or it can match nothing.
        StoreError: the database cannot be written.

    """
    for key, patterns in match.items():
        for pattern in patterns:
            message = why_no_match(key, pattern)
            if message is not None:
                raise OmprogPanicError(f"--{key}: {message}")
    now = SystemClock().wall()
    silence = StoredSilence(
        id=uuid.uuid4().hex[:ID_DIGITS],
        match={key: list(patterns) for key, patterns in match.items() if patterns},
        author=author,
        comment=comment,
        starts_at=now,
        ends_at=now + seconds,
    )
    with existing_database(paths.database) as database, database.write() as connection:
        if silences.count_open(connection, now) >= MAX_SILENCES:
            raise OmprogPanicError(f"{MAX_SILENCES} silences hold already: end some")
        silences.add_silence(connection, silence)
    _wake(paths)
    return _shown(silence, now)


def list_silences(paths: Paths, *, over: bool) -> list[dict[str, Any]]:
    """Return the silences that hold; with ``over`` those that have ended, too.

    Raises:
        StoreError: the database cannot be read.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.read() as connection:
        found = silences.list_silences(connection, 0.0 if over else now)
    return [_shown(silence, now) for silence in found]


def expire_silence(paths: Paths, prefix: str) -> str:
    """End a silence now; give its id.

    Raises:
        OmprogPanicError: none, or several, begin so; or it is over.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.write() as connection:
        found = silences.find_silences(connection, prefix.lower())
        if not prefix or not found:
            raise OmprogPanicError(f"no silence begins with {prefix!r}")
        if len(found) > 1:
            listed = ", ".join(found)
            raise OmprogPanicError(f"several silences begin with {prefix!r}: {listed}")
        if not silences.end_silence(connection, found[0], now):
            raise OmprogPanicError(f"silence {found[0]} is over already")
    _wake(paths)
    return found[0]


def _shown(silence: StoredSilence, now: float) -> dict[str, Any]:
    return {
        "id": silence.id,
        "state": "holds" if silence.ends_at > now else "over",
        "match": " and ".join(str(m) for m in build_match(dict(silence.match))),
        "author": silence.author,
        "comment": silence.comment,
        "from": utc(rfc3339(silence.starts_at)),
        "until": utc(rfc3339(silence.ends_at)),
    }


def _wake(paths: Paths) -> None:
    # Without it the alerter looks within limits.poll_s.
    with contextlib.suppress(SpoolError, OSError):
        SpoolWriter(paths.spool).wake_reader()
