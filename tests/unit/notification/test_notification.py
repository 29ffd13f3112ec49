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


def test_the_key_is_the_same_until_resolved_and_another_one_after_that() -> None:
    first = Notification("n", IncidentNotes(), cause="8b0c", episode="0" * 32)
    more = Notification("m", FollowUp(), cause="8b0c", episode="0" * 32)
    later = Notification("l", IncidentNotes(), cause="8b0c", episode="1" * 32)

    assert first.dedup_key == more.dedup_key == f"omprog-panic:8b0c:{'0' * 32}"
    assert later.dedup_key == f"omprog-panic:8b0c:{'1' * 32}"


def test_what_stands_alone_has_no_key() -> None:
    assert Notification("n", Back()).dedup_key is None
    assert Notification("n", FollowUp(), cause="8b0c").dedup_key is None
