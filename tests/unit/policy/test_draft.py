"""Messages before it is known who may be sent them."""

from __future__ import annotations

from omprog_panic.notification.boots import Back
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.decision import Decision
from omprog_panic.policy.draft import Draft, Limit


def test_a_draft_counts_for_the_limit_of_its_services_as_a_repeat() -> None:
    """What is left out never gets a message more room than it should have."""
    draft = Draft(Back(), Decision.NOTIFY_HOST_STATE, "why", "monitor", Labels("back"))

    assert draft.limit is Limit.SERVICE
    assert draft.crashed == ()
