"""What the records say of themselves."""

from __future__ import annotations

from omprog_panic.model import EndReason, Record
from omprog_panic.spool.record import IncidentRecord, Losses


def test_repeats_that_were_left_out_are_no_losses() -> None:
    losses = Losses(records=3, fragments=1, elided_records=2, replayed=40)

    assert losses.total == 6
    assert Losses(replayed=40).total == 0


def test_the_onset_is_the_first_record_after_the_context() -> None:
    records = (Record("before"), Record("Kernel panic"), Record("after"))
    incident = IncidentRecord("1", "10.0.0.2", "b", EndReason.SILENCE, 1, records)

    assert incident.onset.text == "Kernel panic"
