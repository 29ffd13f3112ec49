"""A host with two targets sends every record twice."""

from __future__ import annotations

from omprog_panic.netconsole.duplicates import DuplicateFilter
from omprog_panic.netconsole.stored import note_hole


def test_the_second_copy_is_a_duplicate_whichever_format_comes_first() -> None:
    for first in (True, False):
        copies = DuplicateFilter()
        assert not copies.is_duplicate(5, "x", extended=first)
        assert copies.is_duplicate(5, "x", extended=not first)
        assert not copies.is_duplicate(5, "x", extended=first)


def test_equal_records_of_one_format_are_no_duplicates() -> None:
    copies = DuplicateFilter()

    assert not copies.is_duplicate(5, "x", extended=True)
    assert not copies.is_duplicate(5, "x", extended=True)
    assert copies.is_duplicate(5, "x", extended=False)
    assert copies.is_duplicate(5, "x", extended=False)


def test_stored_lines_are_known_from_the_beginning() -> None:
    copies = DuplicateFilter(["t\t6,1,5000001,-;x", note_hole(2, 3), "t\tno stamp"])

    assert copies.is_duplicate(5_000_001, "x", extended=False)
