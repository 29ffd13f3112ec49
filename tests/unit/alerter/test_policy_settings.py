"""What the policy may know of services."""

from __future__ import annotations

from omprog_panic.alerter.policy_settings import receivers_of
from tests.builders import make_service


def test_receivers_have_no_secret() -> None:
    service = make_service("a")
    [receiver] = receivers_of([service])

    assert receiver.key == service.key
    assert receiver.label == service.label
    assert receiver.tags == tuple(sorted(service.tags))
    assert service.document.reveal() not in repr(receiver)
