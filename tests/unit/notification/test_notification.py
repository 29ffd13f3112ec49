from __future__ import annotations

from omprog_panic.notification.boots import Back
from omprog_panic.notification.cause import FollowUp
from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import Kind
from omprog_panic.notification.notification import Notification, Recipient


def test_kind_and_life_cycle_follow_from_the_facts() -> None:
    follow_up = Notification("n", FollowUp())

    assert follow_up.kind is Kind.FOLLOW_UP
    assert follow_up.lifecycle is Lifecycle.UPDATED
    assert Notification("n", Back()).lifecycle is Lifecycle.NOTICE


def test_a_service_has_the_templates_of_its_route() -> None:
    recipients = (Recipient("a", "short"), Recipient("b"))
    notification = Notification("n", IncidentNotes(), recipients)

    assert notification.template_for("a") == "short"
    assert notification.template_for("b") is None
    assert notification.template_for("c") is None
