from __future__ import annotations

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.resolved import RESOLVED, Resolved


def test_without_a_name_the_hosts_are_back_by_themselves() -> None:
    assert RESOLVED.decode(Fields({"quiet_s": 60})) == Resolved(quiet_s=60)
    assert RESOLVED.lifecycle is Lifecycle.RESOLVED
