from __future__ import annotations

import pytest

from omprog_panic.model import Severity
from omprog_panic.policy.decision import Decision, decide


@pytest.mark.parametrize(
    ("severity", "decision"),
    [
        (Severity.PANIC, Decision.NOTIFY_SEVERE),
        (Severity.OOPS, Decision.NOTIFY_SEVERE),
        (Severity.LOCKUP, Decision.NOTIFY_SEVERE),
        (Severity.HARDWARE, Decision.NOTIFY_SEVERE),
        (Severity.WARNING, Decision.STORE_MILD),
        (Severity.INFO, Decision.STORE_MILD),
    ],
)
def test_the_defaults_of_the_design(severity: Severity, decision: Decision) -> None:
    assert decide(severity) is decision
    assert decision.notifies == decision.name.startswith("NOTIFY")


def test_every_severity_is_decided() -> None:
    assert all(decide(severity).value for severity in Severity)
