"""A host with two targets sends every record twice."""

from __future__ import annotations

from omprog_panic.netconsole.duplicates import DuplicateFilter
from omprog_panic.netconsole.stored import note_hole


def test_the_second_copy_is_a_duplicate_whichever_format_comes_first() -> None:
    for first in (True, False):
        copies = DuplicateFilter()
        assert not copies.is_duplicate(5, "x", 1.0, extended=first)
        assert copies.is_duplicate(5, "x", 1.0, extended=not first)
        assert not copies.is_duplicate(5, "x", 1.0, extended=first)


def test_equal_records_of_one_format_are_no_duplicates() -> None:
    copies = DuplicateFilter()

    assert not copies.is_duplicate(5, "x", 1.0, extended=True)
    assert not copies.is_duplicate(5, "x", 1.0, extended=True)
    assert copies.is_duplicate(5, "x", 1.0, extended=False)
    assert copies.is_duplicate(5, "x", 1.0, extended=False)


def test_a_copy_that_comes_much_later_is_of_another_host_or_boot() -> None:
    copies = DuplicateFilter()

    assert not copies.is_duplicate(5, "x", 1.0, extended=True)
    assert not copies.is_duplicate(5, "x", 9.0, extended=False)


def test_stored_lines_are_known_from_the_beginning() -> None:
    copies = DuplicateFilter(["t\t6,1,5000001,-;x", note_hole(2, 3), "t\tno stamp"])

    assert copies.is_duplicate(5_000_001, "x", 0.5, extended=False)
