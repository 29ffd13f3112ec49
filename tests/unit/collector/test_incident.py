"""Ids and losses of the records that the collector publishes."""

from __future__ import annotations

import pytest

from omprog_panic.collector.client_message import parse_client_message
from omprog_panic.collector.events import MessageReceived, TraceClosed
from omprog_panic.collector.incident import build_incident, build_message, incident_id
from omprog_panic.collector.open_trace import ClosedTrace
from omprog_panic.model import EndReason, Record
from omprog_panic.netconsole.stored import note_elided, note_hole
from omprog_panic.spool.record import AliveRecord, ProbeRecord

PANIC = "Kernel panic - not syncing: x"
AT = "2026-11-22T21:00:00.000000+00:00"


def test_an_id_is_made_from_what_the_kernel_printed_and_in_which_boot() -> None:
    timed, untimed = Record(PANIC, 5, at="t1"), Record(PANIC, at="t1")

    assert incident_id("a", "b1", timed) == incident_id("a", "b1", Record(PANIC, 5))
    assert incident_id("a", "b1", timed) != incident_id("a", "b2", timed)
    assert incident_id("a", "b1", untimed) != incident_id("a", "b2", untimed)
    assert incident_id("a", "b1", timed) != incident_id("b", "b1", timed)
    assert len(incident_id("a", "b1", timed)) == 32


def test_the_time_of_reception_distinguishes_equal_crashes_of_one_boot() -> None:
    first, second = Record(PANIC, 5, at="t1"), Record(PANIC, 5, at="t2")
    ids = [incident_id("a", "b1", onset, again=True) for onset in (first, second)]

    assert len({*ids, incident_id("a", "b1", first)}) == 3


def test_a_boot_id_that_two_boots_announce_does_not_make_them_one() -> None:
    """Of a clone, or forged."""
    closed = ClosedTrace([f"{AT}\t[    5.000000] {PANIC}"], 0, EndReason.SILENCE, True)
    ids = [
        build_incident(
            "10.0.0.2",
            TraceClosed(closed, boot, "basic", None, None, False, announced="b1"),
        ).id
        for boot in ("first", "second")
    ]

    assert ids[0] != ids[1]


def test_losses_are_those_from_the_onset_on() -> None:
    lines = [
        note_hole(1, 5),
        f"{AT}\t[    5.000000] {PANIC}",
        note_hole(7, 8),
        note_elided(40, 900),
        f"{AT}\t[    5.000001] body [12 bytes lost] end",
    ]
    trace = ClosedTrace(lines, 1, EndReason.TERMINATOR, True, 40, 900, 5, 6)
    closed = TraceClosed(trace, "b", "extended", "6.1.0", "db", False, replayed=7)
    losses = build_incident("10.0.0.2", closed).losses

    assert (losses.records, losses.fragments, losses.replayed) == (2, 1, 7)
    assert (losses.elided_records, losses.elided_bytes) == (40, 900)


@pytest.mark.parametrize(
    ("said", "seconds"), [("900", 900), ("soon", None), ("9" * 9, None)]
)
def test_only_a_sensible_number_is_a_next_time(said: str, seconds: int | None) -> None:
    message = parse_client_message(f"omprog-panic: alive host=db next={said}")
    assert message is not None
    record = build_message("10.0.0.2", MessageReceived(message, AT))

    assert isinstance(record, AliveRecord)
    assert (record.says, record.host, record.next_s) == ("alive", "db", seconds)


def test_a_probe_has_a_record_of_its_own() -> None:
    message = parse_client_message("omprog-panic: probe token=0f")
    assert message is not None
    record = build_message("127.0.0.1", MessageReceived(message, AT))

    assert isinstance(record, ProbeRecord)
    assert record.token == "0f"
