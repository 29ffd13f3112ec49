from __future__ import annotations

from omprog_panic.notification.acknowledged import (
    ACKNOWLEDGED,
    UNACKNOWLEDGED,
    Acknowledged,
    Unacknowledged,
)
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.holder import Holder


def test_the_cause_stands_beside_who_has_it() -> None:
    stored = ACKNOWLEDGED.encode(Acknowledged(holder=Holder("ada", 1.5)))

    assert stored["severity"] == "panic"
    assert stored["holder"] == {
        "author": "ada", "at": 1.5, "until": None, "comment": "",
    }  # fmt: skip


def test_what_nobody_has_any_more_fires_again() -> None:
    assert ACKNOWLEDGED.lifecycle is Lifecycle.ACKNOWLEDGED
    assert UNACKNOWLEDGED.lifecycle is Lifecycle.FIRING
    assert UNACKNOWLEDGED.decode(Fields({})) == Unacknowledged()
