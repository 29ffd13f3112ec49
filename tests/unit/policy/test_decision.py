from __future__ import annotations

import pytest

from omprog_panic.model import Severity
from omprog_panic.policy.decision import Decision
from omprog_panic.policy.settings import build_settings


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.PANIC, "alert"),
        (Severity.OOPS, "alert"),
        (Severity.LOCKUP, "alert"),
        (Severity.HARDWARE, "alert"),
        (Severity.WARNING, "digest"),
        (Severity.INFO, "store"),
    ],
)
def test_the_defaults_of_the_design(severity: Severity, level: str) -> None:
    assert build_settings({}).level(severity.value, "other")[0] == level


def test_every_decision_says_what_it_means() -> None:
    assert all(len(decision.value.split()) > 2 for decision in Decision)
