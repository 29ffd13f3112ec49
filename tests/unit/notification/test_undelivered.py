from __future__ import annotations

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.undelivered import UNDELIVERED, LostAlert, Undelivered


def test_an_alert_about_no_incident_has_none() -> None:
    facts = Undelivered("s", "error=403", 1, (LostAlert(None, "digest", None),))

    assert UNDELIVERED.decode(Fields(UNDELIVERED.encode(facts))) == facts
