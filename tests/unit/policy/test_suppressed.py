"""What a service is sent about its rate limit, in fake time."""

from __future__ import annotations

from omprog_panic.notification.suppressed import SuppressedCause, SuppressedKind
from omprog_panic.policy.event import ProbeReturned, ProbeSent
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


def test_drills_of_one_host_do_not_hold_the_panic_of_another() -> None:
    scene = Scene()
    for number in range(40):
        scene.hear("drill")
        scene.crash(cause=f"drill-{number}")
        scene.wait(5)
    scene.crash(9, cause="a real one")

    incidents = scene.of_kind("incident")
    assert [m.labels.severity for m in incidents] == ["drill"] * 3 + ["panic"]
    assert incidents[-1].labels.address == "10.0.0.9"


def test_repeats_of_many_hosts_do_not_hold_a_first_panic() -> None:
    scene = Scene(grouping={"messages_per_hour": 8, "repeat_s": [60]})
    for number in range(4):
        scene.crash(number + 2, cause=f"cause-{number}")
    for _ in range(10):
        scene.wait(61)
        for number in range(4):
            scene.crash(number + 2, cause=f"cause-{number}")
    scene.crash(9, cause="a new one")

    assert scene.messages[-1].labels.address == "10.0.0.9"
    assert scene.messages[-1].kind.value == "incident"


def test_forged_hosts_of_a_listed_network_do_not_hold_a_listed_hosts_first_panic() -> (
    None
):
    scene = Scene(
        senders=[
            {"name": "db-07", "address": "10.0.0.2"},
            {"name": "lan", "address": "10.0.0.0/8"},
        ]
    )
    for number in range(5000):
        scene.crash(number + 256, f"forged {number}")
    scene.crash(2, cause="a real one")

    incidents = scene.of_kind("incident")
    assert len(incidents) == 24
    assert incidents[-1].labels.host == "db-07"


def test_the_notice_names_hosts_and_causes_the_worst_first() -> None:
    scene = Scene(grouping={"messages_per_hour": 2})
    for host in (3, 4, 5, 2):
        severity = "panic" if host == 2 else "oops"
        scene.crash(host, f"cause-{host}", severity=severity, title=f"title {severity}")
    scene.wait(310, 10)

    [notice] = scene.of_kind("suppressed")
    assert facts(notice).causes == (
        SuppressedCause("panic", "title panic", ("db-07",), 1),
        SuppressedCause("oops", "title oops", ("10.0.0.5",), 1),
    )


def test_a_monitor_that_flaps_is_limited_too() -> None:
    scene = Scene(self_check={"interval_s": 60, "timeout_s": 1})
    for number in range(60):
        for probe in "abcd":
            scene.feed(ProbeSent(f"{probe}{number}"))
        scene.feed(ProbeReturned(f"d{number}"))
        scene.wait(10)

    assert (
        len(scene.of_kind("monitor-deaf")) + len(scene.of_kind("monitor-hears")) == 12
    )
    assert len(scene.of_kind("suppressed")) == 1
