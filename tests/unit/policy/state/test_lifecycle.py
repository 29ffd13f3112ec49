from __future__ import annotations

from omprog_panic.notification.notification import Labels
from omprog_panic.policy.state.lifecycle import (
    LIFECYCLES,
    LifecycleStart,
    LifecycleState,
    OpenCrashes,
    lifecycle_key,
)


def test_a_life_cycle_that_has_just_begun_survives_the_store() -> None:
    start = LifecycleStart("0123", 1.5, 2.5, Labels("panic"))
    row = LifecycleState("8b0c", "ops", None, start, OpenCrashes(1.5, "panic"))

    assert LIFECYCLES.from_text(LIFECYCLES.to_text(row)) == row


def test_a_cause_has_one_at_each_service() -> None:
    assert lifecycle_key("a", "ops") != lifecycle_key("a", "dba")
