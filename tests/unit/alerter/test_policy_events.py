"""From spool records to the events of the policy."""

from __future__ import annotations

from omprog_panic.alerter.policy_events import MAX_TEXT, crash_of, sign_of
from omprog_panic.kernel.analysis import Facts
from omprog_panic.policy.event import Boot, ProbeReturned, SignOfLife
from omprog_panic.policy.familiarity import NO_HISTORY, History
from omprog_panic.spool.record import AliveRecord, BootRecord, ProbeRecord
from omprog_panic.store.incidents import CauseHistory
from tests.builders import make_incident, make_report

AT = "2026-09-21T12:00:00+00:00"


def test_an_incident_is_a_crash_with_the_facts_of_its_report() -> None:
    record = make_incident(7, source="10.0.0.2", boot="b7")
    facts = Facts(kernel="6.12", hardware="QEMU" * 1000)
    history = CauseHistory(3, 2, 1.0, 2.0, ("6.1",))
    crash = crash_of(record, make_report(facts=facts, title="x" * 1000), history)

    assert (crash.id, crash.source, crash.boot) == (record.id, "10.0.0.2", "b7")
    assert crash.kernel == "6.12"
    assert crash.history == History(3, 2, 1.0, 2.0, ("6.1",))
    assert len(crash.title) == len(crash.hardware or "") == MAX_TEXT


def test_a_cause_that_the_archive_does_not_know_has_no_history() -> None:
    assert crash_of(make_incident(), make_report(), None).history is NO_HISTORY


def test_other_records_are_signs() -> None:
    boot = BootRecord("b1", "10.0.0.2", "new", False, AT, "x" * 1000, AT)
    event = sign_of(boot)
    assert isinstance(event, Boot)
    assert event.last_text == "x" * MAX_TEXT

    alive = AliveRecord("1", "10.0.0.2", AT, says="farewell", host="db-07")
    assert sign_of(alive) == SignOfLife("1", AT, "10.0.0.2", "farewell", "db-07")
    assert sign_of(ProbeRecord("p", "127.0.0.1", "00ff", AT)) == ProbeReturned("00ff")


def test_an_incident_is_no_sign() -> None:
    assert sign_of(make_incident()) is None
