"""How well a cause is known."""

from __future__ import annotations

import pytest

from omprog_panic.notification.familiarity import Familiarity
from omprog_panic.policy.familiarity import (
    BACK_AFTER_S,
    NO_HISTORY,
    History,
    familiarity,
)

SEEN = History(3, 2, first_at=100.0, last_at=200.0, kernels=("6.1",))


@pytest.mark.parametrize(
    ("history", "kernel", "now", "status", "days"),
    [
        pytest.param(NO_HISTORY, "6.1", 300.0, "first", 0, id="never"),
        pytest.param(SEEN, "6.1", 300.0, "seen", 0, id="recently"),
        pytest.param(SEEN, "6.12", 300.0, "new-on-kernel", 0, id="other-kernel"),
        pytest.param(SEEN, None, 300.0, "seen", 0, id="unknown-kernel"),
        pytest.param(SEEN, "6.1", 199.0 + BACK_AFTER_S, "seen", 0, id="six-days"),
        pytest.param(SEEN, "6.1", 200.0 + BACK_AFTER_S, "back", 7, id="a-week"),
        pytest.param(SEEN, "6.12", 9e9, "new-on-kernel", 0, id="kernel-goes-first"),
    ],
)
def test_the_status_of_a_cause(
    history: History, kernel: str | None, now: float, status: str, days: int
) -> None:
    known = familiarity(history, kernel, now)

    assert (known.status, known.days) == (status, days)
    assert known.kernel == kernel


def test_the_numbers_are_those_before_this_crash() -> None:
    assert familiarity(SEEN, "6.1", 300.0) == Familiarity("seen", 3, 2, 100.0, 0, "6.1")
