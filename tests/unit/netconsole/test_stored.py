"""Records as the strings that memory and journal keep, and notes among them."""

from __future__ import annotations

import pytest

from omprog_panic.model import Record
from omprog_panic.netconsole.packet import parse_packet
from omprog_panic.netconsole.stored import (
    expand,
    hole,
    is_note,
    note_dropped,
    note_elided,
    note_hole,
    packet_of,
    payload_of,
    store_basic,
    store_extended,
)


def test_a_basic_record_is_kept_with_its_prefix() -> None:
    line = store_basic("[    1.500000] text", "at")

    assert payload_of(line) == "[    1.500000] text"
    assert expand(line) == Record("text", 1_500_000, at="at")


def test_an_extended_record_is_kept_with_its_header() -> None:
    packet = parse_packet("6,5,1500000,-,caller=T1;text\n KEY=value")
    line = store_extended(packet, "at")

    assert packet_of(line) == packet
    assert expand(line).keys == {"KEY": "value"}


def test_a_payload_with_a_broken_header_is_read_as_text() -> None:
    assert expand(store_basic("6,99999999999999999999,5,-;x", "at")).text.endswith("x")


@pytest.mark.parametrize(
    ("note", "text", "lost"),
    [
        (note_hole(5, 7), "... 3 records lost ...", 3),
        (note_hole(5, 5), "... 1 record lost ...", 1),
        (note_dropped(2), "... 2 records dropped by the kernel ...", 2),
        (
            note_elided(9, 900),
            "... 9 records (900 bytes) left out to keep the size limit ...",
            9,
        ),
    ],
)
def test_a_note_says_how_many_records_are_missing(
    note: str, text: str, lost: int
) -> None:
    assert is_note(note)
    assert expand(note) == Record(text, lost=lost)


def test_only_a_hole_has_numbers() -> None:
    assert hole(note_hole(5, 7)) == (5, 7)
    assert hole(note_dropped(2)) is None
    assert hole("t\tx") is None
