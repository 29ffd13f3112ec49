"""In which order events of one time are evaluated."""

from __future__ import annotations

from omprog_panic.policy.event import (
    ORDER,
    Boot,
    CauseAction,
    CauseCommand,
    Crash,
    Event,
    ProbeReturned,
    ProbeSent,
    SignOfLife,
    SilenceChanged,
    is_setting,
    rank,
)
from tests.policies import OPS, configured, make_crash

EVENTS: list[Event] = [
    configured({}, [OPS]),
    SilenceChanged("s", (), "anna", "", 0.0, 1.0),
    CauseCommand("c", "8b0c", CauseAction.RESOLVE, "anna", "", 0.0),
    ProbeSent("a"),
    ProbeReturned("a"),
    SignOfLife("h", "", "10.0.0.2", "farewell"),
    make_crash(),
    Boot("b", "", "10.0.0.2", None, "b2", False, None, None),
]


def test_every_event_has_its_place() -> None:
    assert [type(event) for event in EVENTS] == list(ORDER)
    assert [rank(event) for event in EVENTS] == list(range(len(ORDER)))


def test_what_explains_a_boot_comes_before_it() -> None:
    assert ORDER.index(SignOfLife) < ORDER.index(Boot)
    assert ORDER.index(Crash) < ORDER.index(Boot)


def test_settings_apply_to_all_that_came_with_them() -> None:
    assert [is_setting(event) for event in EVENTS] == [True] * 3 + [False] * 5
