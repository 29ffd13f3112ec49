from __future__ import annotations

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.suppressed import (
    SUPPRESSED,
    Suppressed,
    SuppressedKind,
)


def test_kinds_of_a_later_version_are_kept_as_they_are() -> None:
    stored = {"service": "s", "kinds": [{"kind": "of-later", "count": 2}]}

    assert SUPPRESSED.decode(Fields(stored)) == Suppressed(
        "s", kinds=(SuppressedKind("of-later", 2),)
    )
