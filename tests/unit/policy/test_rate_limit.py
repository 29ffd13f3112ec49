"""How many messages a service may be sent within an hour, and which go first."""

from __future__ import annotations

import dataclasses

from omprog_panic.notification.boots import Back
from omprog_panic.notification.cause import CrashedHost
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Labels
from omprog_panic.notification.suppressed import SuppressedCause
from omprog_panic.policy.decision import Decision
from omprog_panic.policy.draft import Draft
from omprog_panic.policy.rate_limit import (
    HOUR_S,
    MAX_CAUSES,
    MONITOR_PER_HOUR,
    admit,
    admit_monitor,
    notice_is_due,
    worst_first,
)
from omprog_panic.policy.state.rate_limit import RateLimitState
from omprog_panic.policy.timestamps import Timestamps


def at(t: float) -> Timestamps:
    return Timestamps(t, 1_000_000.0 + t, t)


def first_crash(host: str, title: str = "crash") -> Draft:
    return Draft(
        facts=IncidentNotes(),
        decision=Decision.NOTIFY_FIRST,
        reason="",
        subject="",
        labels=Labels("panic", host=host, address=host, title=title),
        crashed=(CrashedHost(host, host),),
        shares=(host,),
    )


BACK = Draft(
    facts=Back(),
    decision=Decision.NOTIFY_HOST_STATE,
    reason="",
    subject="",
    labels=Labels("back", host="db-07"),
)


def crash(row: RateLimitState, per_hour: int, t: float, host: str = "db-07") -> bool:
    return admit(row, per_hour, at(t), first_crash(host), Kind.INCIDENT)


def back(row: RateLimitState, per_hour: int, t: float) -> bool:
    return admit(row, per_hour, at(t), BACK, Kind.BACK)


def limited() -> RateLimitState:
    """Return the state of a service that may be sent two an hour, and was sent four."""
    row = RateLimitState("ops")
    for t in range(4):
        crash(row, 2, float(t), f"host-{t}")
    return row


def test_messages_beyond_the_limit_are_suppressed_and_counted() -> None:
    row = limited()

    assert row.sent == [0.0, 1.0]
    assert row.suppressed == {Kind.INCIDENT: 2}
    assert (row.first_t, row.first_at) == (2.0, 1_000_002.0)


def test_an_hour_later_the_next_one_is_admitted() -> None:
    row = limited()

    assert not back(row, 2, HOUR_S - 1)
    assert crash(row, 2, HOUR_S)
    assert row.suppressed == {Kind.INCIDENT: 2, Kind.BACK: 1}


def test_repeats_leave_half_and_further_causes_a_quarter_to_first_crashes() -> None:
    row = RateLimitState("ops")
    assert [back(row, 8, 0.0) for _ in range(5)] == [True] * 4 + [False]
    assert crash(row, 8, 1.0, "a")
    assert [crash(row, 8, 1.0, "a") for _ in range(2)] == [True, False]
    assert [crash(row, 8, 1.0, host) for host in "bcd"] == [True, True, False]
    assert len(row.sent) == 8


def test_of_a_small_limit_something_is_left_for_everything() -> None:
    assert back(RateLimitState("ops"), 1, 0.0)
    assert crash(RateLimitState("ops"), 1, 0.0)


def test_a_first_crash_that_was_suppressed_is_still_the_first() -> None:
    row = RateLimitState("ops")
    for host in "abcd":
        crash(row, 4, 0.0, host)
    assert not crash(row, 4, 1.0, "e")

    assert [crash(row, 4, HOUR_S, host) for host in "efgh"] == [True] * 4


def test_what_was_suppressed_is_remembered_by_cause_and_host() -> None:
    row = limited()
    crash(row, 2, 5.0, "host-2")

    [cause] = row.causes.values()
    assert cause == SuppressedCause("panic", "crash", ("host-2", "host-3"), 3)


def test_a_panic_is_named_however_many_lesser_causes_were_suppressed() -> None:
    row = RateLimitState("ops")
    crash(row, 1, 0.0)
    for number in range(MAX_CAUSES + 5):
        drill = first_crash("db-08", f"title {number}")
        drill = dataclasses.replace(
            drill, labels=drill.labels._replace(severity="drill")
        )
        admit(row, 1, at(1.0), drill, Kind.INCIDENT)
    crash(row, 1, 2.0, "db-09")

    assert worst_first(row.causes.values())[0].hosts == ("db-09",)
    assert len(row.causes) == MAX_CAUSES
    assert sum(c.count for c in row.causes.values()) + row.more_causes == MAX_CAUSES + 6


def test_the_monitor_has_a_limit_of_its_own() -> None:
    row = RateLimitState("ops")
    admitted = [
        admit_monitor(row, at(0.0), BACK, Kind.MONITOR_DEAF)
        for _ in range(MONITOR_PER_HOUR + 1)
    ]

    assert admitted == [True] * MONITOR_PER_HOUR + [False]
    assert crash(row, 1, 0.0)


def test_the_worst_is_named_first() -> None:
    severities = ("drill", "back", "suspected-crash", "warning", "oops", "panic")
    found = worst_first(SuppressedCause(severity) for severity in severities)

    assert [cause.severity for cause in found][:4] == [
        "panic",
        "oops",
        "warning",
        "suspected-crash",
    ]


def test_the_notice_waits_and_comes_once_an_hour() -> None:
    row = limited()
    assert not notice_is_due(RateLimitState("ops"), 300.0, at(9e9))
    assert not notice_is_due(row, 300.0, at(301.0))
    assert notice_is_due(row, 300.0, at(302.0))

    row.notice_t = 302.0
    assert not notice_is_due(row, 300.0, at(301.0 + HOUR_S))
    assert notice_is_due(row, 300.0, at(302.0 + HOUR_S))
