from __future__ import annotations

from omprog_panic.notification.familiarity import Familiarity
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.format import Lifecycle
from omprog_panic.notification.incident import INCIDENT, TEST, IncidentNotes


def test_an_incident_may_have_notes() -> None:
    assert INCIDENT.decode(Fields({})) == IncidentNotes()
    notes = INCIDENT.decode(Fields({"drill": True, "known": {"status": "seen"}}))
    assert notes == IncidentNotes(Familiarity("seen"), drill=True)


def test_an_incident_fires_and_a_test_does_not() -> None:
    assert INCIDENT.lifecycle is Lifecycle.FIRING
    assert TEST.lifecycle is Lifecycle.NOTICE
