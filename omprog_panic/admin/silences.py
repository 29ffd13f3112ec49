"""Adding, listing and ending silences; the alerter applies a change within seconds."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.wake import wake_alerter
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config import duration
from omprog_panic.config.calendars import parse_times
from omprog_panic.config.routing import match_to_json, parse_match
from omprog_panic.config.time_span import (
    Occurrence,
    parse_moment,
    parse_span,
    show_moment,
)
from omprog_panic.config.vocabulary import why_no_match
from omprog_panic.errors import OmprogPanicError
from omprog_panic.policy.coverage import (
    known_senders,
    matches_everything,
    matches_no_sender,
)
from omprog_panic.policy.state.silence import FOREVER, WINDOW
from omprog_panic.render.context import utc
from omprog_panic.store import silences
from omprog_panic.store.connect import existing_database
from omprog_panic.store.silences import MAX_SILENCES, StoredSilence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omprog_panic.config.model import Paths
    from omprog_panic.config.policy import PolicyConfig
    from omprog_panic.config.senders import ListedSender

ID_DIGITS = 8
ACTIVE, WAITING, ENDED = "active", "waiting", "ended"


@dataclasses.dataclass(frozen=True, slots=True)
class Silence:
    """A silence as people see it; times are in UTC.

    ``state``: whether it covers alerts now, will do so later, or has ended. ``ends``
    None: it comes again without end.
    """

    id: str
    state: str
    match: str
    author: str
    comment: str
    starts: str
    ends: str | None
    every: str
    orphaned: bool  # no sender that is listed or was heard matches its hosts

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "id": self.id,
            "state": self.state,
            "match": self.match,
            "author": self.author,
            "comment": self.comment,
            "from": self.starts,
            "until": self.ends,
            "every": self.every,
            "orphaned": self.orphaned,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class ComingSilence:
    """When a silence comes the next time, or is there now."""

    id: str
    is_now: bool
    starts: str  # UTC
    ends: str
    local: str  # on the clock of its time zone; empty for one that comes once
    match: str
    comment: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "id": self.id,
            "state": ACTIVE if self.is_now else WAITING,
            "from": self.starts,
            "until": self.ends,
            "local": self.local,
            "match": self.match,
            "comment": self.comment,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class NewSilence:
    """A silence to be added: patterns by label.

    ``seconds`` None: without end, for one that comes again. ``starts_at`` None: now.
    """

    match: Mapping[str, Sequence[str]]
    seconds: float | None
    author: str
    comment: str
    everything: bool = False  # it may match everything
    starts_at: float | None = None  # wall
    every: tuple[str, ...] = ()


def parse_duration(text: str) -> float:
    """Return the seconds of a duration.

    >>> parse_duration("1d12h")
    129600.0

    Raises:
        OmprogPanicError: not a duration, or too long.

    """
    try:
        return duration.parse_duration(text)
    except ValueError as error:
        raise OmprogPanicError(str(error)) from error


def parse_start(text: str) -> float:
    """Return the wall time at which a silence begins: a time, or so long from now.

    Raises:
        OmprogPanicError: it is neither, or over.

    """
    now = SystemClock().wall()
    try:
        return now + duration.parse_duration(text)
    except ValueError:
        pass
    try:
        starts_at = parse_moment(text)
    except ValueError as error:
        raise OmprogPanicError(
            f"{error}, or a duration from now, such as 2h"
        ) from error
    if starts_at < now - 60.0:
        raise OmprogPanicError(f"{text!r} is over: write a time in the future")
    return starts_at


def parse_every(texts: Sequence[str], config: PolicyConfig) -> tuple[str, ...]:
    """Return the recurring times of a silence; calendars are written out.

    Raises:
        OmprogPanicError: one is neither a calendar nor a time with its zone.

    """
    try:
        times = parse_times(list(texts), config.calendars)
    except ValueError as error:
        raise OmprogPanicError(str(error)) from error
    if any(entry.excluded for entry in times):
        raise OmprogPanicError("--every has no excluded times: write when it is")
    return tuple(span.text for entry in times for span in entry.spans)


def add_silence(
    paths: Paths, new: NewSilence, listed: Sequence[ListedSender] = ()
) -> Silence:
    """Add a silence.

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
    silence = _stored(new, now)
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


def _stored(new: NewSilence, now: float) -> StoredSilence:
    starts_at = now if new.starts_at is None else new.starts_at
    return StoredSilence(
        id=uuid.uuid4().hex[:ID_DIGITS],
        match={key: list(patterns) for key, patterns in new.match.items() if patterns},
        author=new.author,
        comment=new.comment,
        starts_at=starts_at,
        ends_at=FOREVER if new.seconds is None else starts_at + new.seconds,
        every=new.every,
    )


def list_silences(
    paths: Paths, config: PolicyConfig, *, ended: bool = False
) -> list[Silence]:
    """Return the silences, with the maintenance windows of config.yaml.

    With ``ended`` also the silences that have ended.

    Raises:
        StoreError: the database cannot be read.

    """
    now, listed = SystemClock().wall(), config.senders
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
        for silence in (*found, *windows(config))
    ]


def windows(config: PolicyConfig) -> list[StoredSilence]:
    """Return the maintenance windows of config.yaml as silences."""
    return [
        StoredSilence(
            id=f"{WINDOW}{window.name}",
            match=match_to_json(window.match),
            author="config.yaml",
            comment=window.comment,
            starts_at=0.0,
            ends_at=FOREVER,
            every=tuple(span.text for times in window.every for span in times.spans),
        )
        for window in config.maintenance
    ]


def coming_silences(paths: Paths, config: PolicyConfig) -> list[ComingSilence]:
    """Return what is silent now or will be, each with its next time, in their order.

    Raises:
        StoreError: the database cannot be read.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.read() as connection:
        found = silences.list_silences(connection, now)
    return sorted(_coming((*found, *windows(config)), now), key=lambda s: s.starts)


def _coming(found: Iterable[StoredSilence], now: float) -> Iterable[ComingSilence]:
    for silence in found:
        occurrence, zone = next_occurrence(silence, now)
        if occurrence is None:
            continue
        starts_at, ends_at = occurrence
        local = f"{show_moment(starts_at, zone)} - {show_moment(ends_at, zone)}"
        yield ComingSilence(
            id=silence.id,
            is_now=starts_at <= now,
            starts=utc(rfc3339(starts_at)),
            ends=utc(rfc3339(ends_at)),
            local=local if silence.every else "",
            match=_matchers(silence),
            comment=silence.comment,
        )


def next_occurrence(
    silence: StoredSilence, now: float
) -> tuple[Occurrence | None, str]:
    """Return when a silence comes next, or is now, and the time zone of that."""
    if not silence.every:
        return Occurrence(silence.starts_at, silence.ends_at), "UTC"
    after = max(now, silence.starts_at)
    spans = [parse_span(text) for text in silence.every]
    coming = [(span.next_after(after), span.zone) for span in spans]
    found = [(o, zone) for o, zone in coming if o and o.starts_at < silence.ends_at]
    return min(found, default=(None, "UTC"))


def expire_silence(paths: Paths, prefix: str) -> str:
    """End the silence whose id begins with ``prefix``; return its id.

    Raises:
        OmprogPanicError: none, or several, begin so; or it has already ended.
        StoreError: the database cannot be written.

    """
    if prefix.startswith(WINDOW):
        raise OmprogPanicError(
            f"{prefix} is a maintenance window: remove it from `maintenance` in "
            "config.yaml"
        )
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
    return Silence(
        id=silence.id,
        state=_state(silence, now),
        match=_matchers(silence),
        author=silence.author,
        comment=silence.comment,
        starts=utc(rfc3339(silence.starts_at)),
        ends=None if silence.ends_at >= FOREVER else utc(rfc3339(silence.ends_at)),
        every=", ".join(silence.every),
        orphaned=orphaned,
    )


def _state(silence: StoredSilence, now: float) -> str:
    if silence.ends_at <= now:
        return ENDED
    occurrence, _ = next_occurrence(silence, now)
    if occurrence is None or occurrence.starts_at > now:
        return WAITING
    return ACTIVE


def _matchers(silence: StoredSilence) -> str:
    match = parse_match(dict(silence.match))
    return " and ".join(str(matcher) for matcher in match)
