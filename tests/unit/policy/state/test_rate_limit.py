"""Rate limits in the memory."""

from __future__ import annotations

from omprog_panic.policy.state.rate_limit import RATE_LIMITS, RateLimitState


def test_a_service_that_was_sent_nothing_survives_the_store() -> None:
    row = RateLimitState("ops")

    assert RATE_LIMITS.from_text(RATE_LIMITS.to_text(row)) == row
