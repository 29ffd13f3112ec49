"""Adding, listing and ending silences; the alerter applies a change within seconds."""

from __future__ import annotations

import dataclasses
import re
import uuid
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.wake import wake_alerter
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.routing import parse_match
from omprog_panic.config.vocabulary import why_no_match
from omprog_panic.errors import OmprogPanicError
from omprog_panic.policy.coverage import (
    known_senders,
    matches_everything,
    matches_no_sender,
)
from omprog_panic.render.context import utc
from omprog_panic.store import silences
from omprog_panic.store.connect import existing_database
from omprog_panic.store.silences import MAX_SILENCES, StoredSilence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omprog_panic.config.model import Paths
    from omprog_panic.config.senders import ListedSender

ID_DIGITS = 8
MAX_SECONDS = 366 * 86400.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Silence:
    """A silence as people see it; times are in UTC."""

    id: str
    active: bool
    match: str
    author: str
    comment: str
    starts: str
    ends: str
    orphaned: bool  # no sender that is listed or was heard matches its hosts

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "id": self.id,
            "state": "active" if self.active else "ended",
            "match": self.match,
            "author": self.author,
            "comment": self.comment,
            "from": self.starts,
            "until": self.ends,
            "orphaned": self.orphaned,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class NewSilence:
    """A silence to be added: patterns by label, for so many seconds from now."""

    match: Mapping[str, Sequence[str]]
    seconds: float
    author: str
    comment: str
    everything: bool = False  # it may match everything


def parse_duration(text: str) -> float:
    """Return the seconds of a duration.

    >>> parse_duration("1d12h")
    129600.0

    Raises:
        OmprogPanicError: not a duration, or too long.

    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise OmprogPanicError(
            f"{text!r} is not a valid duration: write for example 90m, 2h or 1d12h"
        )
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if not 0 < seconds <= MAX_SECONDS:
        raise OmprogPanicError(
            f"{text!r} is not a valid duration: it must be longer than 0 and at most "
            "366d"
        )
    return seconds


def add_silence(
    paths: Paths, new: NewSilence, listed: Sequence[ListedSender] = ()
) -> Silence:
    """Add a silence that begins now.

    Raises:
        OmprogPanicError: it can match nothing, it matches everything and that was not
            asked for, or there are too many silences.
        StoreError: the database cannot be written.

    """
    for key, patterns in new.match.items():
        for pattern in patterns:
            message = why_no_match(key, pattern)
            if message is not None:
                raise OmprogPanicError(f"--{key}: {message}")
    now = SystemClock().wall()
    silence = StoredSilence(
        id=uuid.uuid4().hex[:ID_DIGITS],
        match={key: list(patterns) for key, patterns in new.match.items() if patterns},
        author=new.author,
        comment=new.comment,
        starts_at=now,
        ends_at=now + new.seconds,
    )
    match = parse_match(dict(silence.match))
    with existing_database(paths.database) as database, database.write() as connection:
        known = known_senders(listed, open_memory(connection))
        if not new.everything and matches_everything(match, known):
            raise OmprogPanicError(
                "this matches every alert: name what to silence, or use --everything"
            )
        if silences.count_open(connection, now) >= MAX_SILENCES:
            raise OmprogPanicError(
                f"there are already {MAX_SILENCES} active silences: end some first"
            )
        silences.add_silence(connection, silence)
    wake_alerter(paths)
    return _shown(silence, now, orphaned=matches_no_sender(match, known, listed))


def list_silences(
    paths: Paths, listed: Sequence[ListedSender] = (), *, ended: bool
) -> list[Silence]:
    """Return the active silences; with ``ended`` also those that have ended.

    Raises:
        StoreError: the database cannot be read.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.read() as connection:
        found = silences.list_silences(connection, 0.0 if ended else now)
        known = known_senders(listed, open_memory(connection))
    return [
        _shown(
            silence,
            now,
            orphaned=silence.ends_at > now
            and matches_no_sender(parse_match(dict(silence.match)), known, listed),
        )
        for silence in found
    ]


def expire_silence(paths: Paths, prefix: str) -> str:
    """End the silence whose id begins with ``prefix``; return its id.

    Raises:
        OmprogPanicError: none, or several, begin so; or it has already ended.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.write() as connection:
        found = silences.find_silences(connection, prefix.lower())
        if not prefix or not found:
            raise OmprogPanicError(f"no silence has an id that begins with {prefix!r}")
        if len(found) > 1:
            listed = ", ".join(found)
            raise OmprogPanicError(
                f"several silences have an id that begins with {prefix!r}: {listed}"
            )
        if not silences.end_silence(connection, found[0], now):
            raise OmprogPanicError(f"silence {found[0]} has already ended")
    wake_alerter(paths)
    return found[0]


def _shown(silence: StoredSilence, now: float, *, orphaned: bool) -> Silence:
    match = parse_match(dict(silence.match))
    return Silence(
        id=silence.id,
        active=silence.ends_at > now,
        match=" and ".join(str(matcher) for matcher in match),
        author=silence.author,
        comment=silence.comment,
        starts=utc(rfc3339(silence.starts_at)),
        ends=utc(rfc3339(silence.ends_at)),
        orphaned=orphaned,
    )
