from __future__ import annotations

from omprog_panic.notification.escalated import ESCALATED, Escalated
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.format import Lifecycle


def test_an_escalation_fires_at_its_service_and_shows_the_trace() -> None:
    assert ESCALATED.lifecycle is Lifecycle.FIRING
    assert ESCALATED.has_trace


def test_the_first_one_is_no_reminder() -> None:
    assert ESCALATED.decode(Fields({})) == Escalated(number=1)
