"""What a service is sent about its rate limit, in fake time."""

from __future__ import annotations

from omprog_panic.notification.suppressed import SuppressedKind
from tests.policies import (
    Scene,
    facts,
)


def test_a_rate_limit_ends_in_one_message_that_reports_how_many() -> None:
    scene = Scene(grouping={"messages_per_hour": 10})
    for number in range(40):
        scene.crash(number + 2, cause=f"cause-{number}")
    assert scene.kinds() == ["incident"] * 10
    assert scene.codes().count("SUPPRESS_RATE_LIMIT") == 30
    assert scene.decided[-1].reason == (
        "10 messages to this service within an hour; "
        "default_route: the first crash of its cause"
    )

    scene.wait(3500, 10)
    [notice] = scene.of_kind("suppressed")
    assert facts(notice).count == 30
    assert facts(notice).kinds == (SuppressedKind("incident", 30),)
    scene.wait(200, 10)
    scene.crash(2, cause="after the hour")
    assert scene.kinds()[-1] == "incident"
