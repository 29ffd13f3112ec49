from __future__ import annotations

import pytest

from omprog_panic.notification.effect import EFFECTS, Effect, Importance, importance
from omprog_panic.notification.kinds import Kind


def test_every_kind_has_an_effect() -> None:
    assert set(EFFECTS) == set(Kind)


@pytest.mark.parametrize(
    ("kind", "severity", "expected"),
    [
        (Kind.INCIDENT, "panic", Importance.CRITICAL),
        (Kind.INCIDENT, "warning", Importance.WARNING),
        (Kind.INCIDENT, "drill", Importance.INFO),
        (Kind.INCIDENT, "of a newer version", Importance.CRITICAL),
        (Kind.FOLLOW_UP, "", Importance.CRITICAL),
        (Kind.DATABASE_DAMAGED, "", Importance.ERROR),
        (Kind.MONITOR_DEAF, "", Importance.CRITICAL),
        (Kind.TEST, "panic", Importance.INFO),
    ],
)
def test_importance_is_that_of_the_kind_or_of_the_crash(
    kind: Kind, severity: str, expected: Importance
) -> None:
    assert importance(kind, severity) is expected


def test_what_only_informs_is_never_important() -> None:
    informing = [kind for kind in Kind if EFFECTS[kind] is Effect.INFORM]
    assert informing
    assert {importance(kind, "panic") for kind in informing} == {Importance.INFO}
