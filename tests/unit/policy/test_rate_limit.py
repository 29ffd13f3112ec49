"""How many messages a service may be sent within an hour."""

from __future__ import annotations

from omprog_panic.notification.kinds import Kind
from omprog_panic.policy.rate_limit import HOUR_S, admit, notice_is_due
from omprog_panic.policy.state.rate_limit import RateLimitState
from omprog_panic.policy.timestamps import Timestamps


def at(t: float) -> Timestamps:
    return Timestamps(t, 1_000_000.0 + t, t)


def limited() -> RateLimitState:
    """Return the state of a service that may be sent two an hour, and was sent four."""
    row = RateLimitState("ops")
    for t in range(4):
        admit(row, 2, at(float(t)), Kind.INCIDENT)
    return row


def test_messages_beyond_the_limit_are_suppressed_and_counted() -> None:
    row = limited()

    assert row.sent == [0.0, 1.0]
    assert row.suppressed == {Kind.INCIDENT: 2}
    assert (row.first_t, row.first_at) == (2.0, 1_000_002.0)


def test_an_hour_later_the_next_one_is_admitted() -> None:
    row = limited()

    assert not admit(row, 2, at(HOUR_S - 1), Kind.BACK)
    assert admit(row, 2, at(HOUR_S), Kind.BACK)
    assert row.suppressed == {Kind.INCIDENT: 2, Kind.BACK: 1}


def test_the_notice_waits_and_comes_once_an_hour() -> None:
    row = limited()
    assert not notice_is_due(RateLimitState("ops"), 300.0, at(9e9))
    assert not notice_is_due(row, 300.0, at(301.0))
    assert notice_is_due(row, 300.0, at(302.0))

    row.notice_t = 302.0
    assert not notice_is_due(row, 300.0, at(301.0 + HOUR_S))
    assert notice_is_due(row, 300.0, at(302.0 + HOUR_S))
