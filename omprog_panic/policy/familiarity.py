"""Known or new: what the archive says of a cause before this crash. Pure."""

from __future__ import annotations

import dataclasses

BACK_AFTER_S = 7 * 86400.0  # a cause that was away for so long has come back
DAY_S = 86400.0


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """Earlier incidents of a fingerprint, as far back as the archive goes."""

    crashes: int = 0
    hosts: int = 0
    first_at: float | None = None  # wall
    last_at: float | None = None
    kernels: tuple[str, ...] = ()


NO_HISTORY = History()


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What the first line of an alert says of it.

    ``word`` is "first" (never before), "new-on-kernel", "back" (after ``days``) or
    "seen"; the numbers are those before this crash.
    """

    word: str
    crashes: int = 0
    hosts: int = 0
    since: float | None = None  # wall
    days: int = 0
    kernel: str | None = None


def familiarity(history: History, kernel: str | None, now: float) -> Known:
    """Return how new a cause is.

    >>> familiarity(History(), "6.1", 0.0).word
    'first'
    >>> familiarity(History(3, 2, 0.0, 5.0, ("6.1",)), "6.12", 10.0).word
    'new-on-kernel'
    >>> familiarity(History(3, 2, 0.0, 5.0, ("6.1",)), "6.1", 8 * 86400.0).word
    'back'
    """
    if not history.crashes:
        return Known("first", kernel=kernel)
    word, days = "seen", 0
    away_s = now - (history.last_at if history.last_at is not None else now)
    if kernel is not None and history.kernels and kernel not in history.kernels:
        word = "new-on-kernel"
    elif away_s >= BACK_AFTER_S:
        word, days = "back", int(away_s // DAY_S)
    return Known(word, history.crashes, history.hosts, history.first_at, days, kernel)
