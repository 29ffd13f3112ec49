from __future__ import annotations

from omprog_panic.notification.cause import (
    FOLLOW_UP,
    PANIC_LOOP,
    CauseSummary,
    CrashedHost,
    FollowUp,
    PanicLoop,
    Share,
)
from omprog_panic.notification.fields import Fields

CAUSE = CauseSummary(key="8b0c", title="t", kernels=(Share("6.1", 2),))


def test_the_cause_stands_beside_the_hosts_in_the_file() -> None:
    stored = FOLLOW_UP.encode(FollowUp(CAUSE, (CrashedHost("db-07"),), 1))

    assert stored["cause"] == "8b0c"
    assert stored["kernels"] == [{"name": "6.1", "hosts": 2}]
    assert stored["hosts"] == [{"name": "db-07", "address": "", "crashes": 1}]


def test_a_host_crashed_once_where_nothing_else_is_known() -> None:
    read = PANIC_LOOP.decode(Fields({"hosts": [{}, 7], "severity": 3}))

    assert read == PanicLoop(CauseSummary(severity="panic"), (CrashedHost(),))


def test_both_show_the_trace_of_the_first_incident() -> None:
    assert FOLLOW_UP.has_trace
    assert PANIC_LOOP.has_trace
