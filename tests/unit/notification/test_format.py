from __future__ import annotations

from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.kinds import Kind


def test_the_stored_steps_of_a_life_cycle_stay() -> None:
    assert {step.value for step in Lifecycle} == {
        "firing",
        "updated",
        "acknowledged",
        "resolved",
        "notice",
    }


def test_nothing_is_updated_that_never_fires() -> None:
    steps = {kind.format.lifecycle for kind in Kind}

    assert Lifecycle.FIRING in steps
    assert Kind.FOLLOW_UP.format.lifecycle is Lifecycle.UPDATED
    assert Kind.PANIC_LOOP.format.lifecycle is Lifecycle.UPDATED
