"""Incomplete records, which may turn out to be another host's."""

from __future__ import annotations

from omprog_panic.netconsole.fragments import Fragments, IncompleteRecords
from omprog_panic.netconsole.packet import Packet, parse_packet


def fragment(offset: int, body: str, total: int = 10, sequence: int = 100) -> Packet:
    return parse_packet(f"6,{sequence},1000,-,ncfrag={offset}/{total};{body}")


def begun(sequence: int = 100) -> Fragments:
    first = fragment(0, "0123", sequence=sequence)
    record = Fragments(first, 10, "at", 0.2)
    record.add(0, first.body)
    return record


def test_a_fragment_finds_its_record() -> None:
    records = IncompleteRecords()
    records.adopt(begun())

    assert records.has_part_of(fragment(4, "456789"))
    assert not records.has_part_of(fragment(0, "0123"))  # a repeat
    assert not records.has_part_of(fragment(4, "456789x", total=11))
    assert not records.has_part_of(fragment(4, "456789", sequence=101))


def test_what_is_taken_is_completed_elsewhere() -> None:
    one, other = IncompleteRecords(), IncompleteRecords()
    one.adopt(begun())
    for record in one.take_all():
        other.adopt(record)

    assert len(one) == 0
    (record,) = [found for _, found in other.records()]
    record.add(4, "456789")
    assert record.assemble() == ("0123456789", 0)
    assert [p.fragment for p in record.packets()] == [(0, 10), (4, 10)]


def test_the_oldest_goes_first() -> None:
    records = IncompleteRecords()
    for sequence in (7, 3):
        records.adopt(begun(sequence))

    assert records.oldest() == 7
    assert records.pop(7).total == 10
    assert records.get(7) is None
