"""Groups in the memory."""

from __future__ import annotations

from omprog_panic.notification.familiarity import Familiarity
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.state.group import GROUPS, GroupLead, GroupState


def lead(t: float, id_: str) -> GroupLead:
    return GroupLead(t, id_, Labels("panic"), Familiarity("first"))


def test_a_group_that_was_just_opened_survives_the_store() -> None:
    row = GroupState("cause", "ops", "a", None, 1.0, 2.0, 3.0, lead(1.0, "1"))

    assert GROUPS.from_text(GROUPS.to_text(row)) == row


def test_the_earliest_crash_leads_and_of_equal_times_the_lower_id() -> None:
    leads = [lead(2.0, "0"), lead(1.0, "b"), lead(1.0, "a")]

    assert [item.id for item in sorted(leads, key=lambda item: item.order)] == [
        "a",
        "b",
        "0",
    ]
