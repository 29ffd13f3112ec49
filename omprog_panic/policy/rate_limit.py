"""How many messages a service may be sent within an hour. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omprog_panic.notification.kinds import Kind
    from omprog_panic.policy.state.rate_limit import RateLimitState
    from omprog_panic.policy.timestamps import Timestamps

HOUR_S = 3600.0


def admit(row: RateLimitState, per_hour: int, now: Timestamps, kind: Kind) -> bool:
    """Count a message to a service; False: it is suppressed, and counted as such."""
    row.sent = [t for t in row.sent if now.t - t < HOUR_S]
    if len(row.sent) < per_hour:
        row.sent.append(now.t)
        return True
    row.suppressed[kind] = row.suppressed.get(kind, 0) + 1
    if row.first_t is None:
        row.first_t, row.first_at = now.t, now.wall
    return False


def notice_is_due(row: RateLimitState, wait_s: float, now: Timestamps) -> bool:
    """Return whether to report what was suppressed: after a wait, and once an hour."""
    if row.first_t is None or now.t - row.first_t < wait_s:
        return False
    return row.notice_t is None or now.t - row.notice_t >= HOUR_S
