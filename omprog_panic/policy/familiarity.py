"""How well a cause is known, from the incidents in the archive. Pure."""

from __future__ import annotations

import dataclasses

from omprog_panic.notification.familiarity import Familiarity

BACK_AFTER_S = 7 * 86400.0  # a cause without a crash for so long has come back
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


def familiarity(history: History, kernel: str | None, now: float) -> Familiarity:
    """Return how well a cause is known; ``now`` is wall time.

    >>> familiarity(History(), "6.1", 0.0).status
    'first'
    >>> familiarity(History(3, 2, 0.0, 5.0, ("6.1",)), "6.12", 10.0).status
    'new-on-kernel'
    >>> familiarity(History(3, 2, 0.0, 5.0, ("6.1",)), "6.1", 8 * 86400.0).status
    'back'
    """
    if not history.crashes:
        return Familiarity("first", kernel=kernel)
    status, days = "seen", 0
    away_s = now - (history.last_at if history.last_at is not None else now)
    if kernel is not None and history.kernels and kernel not in history.kernels:
        status = "new-on-kernel"
    elif away_s >= BACK_AFTER_S:
        status, days = "back", int(away_s // DAY_S)
    return Familiarity(
        status, history.crashes, history.hosts, history.first_at, days, kernel
    )
