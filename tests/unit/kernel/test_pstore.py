"""The parts of a pstore dump, newest first as the kernel numbers them."""

from __future__ import annotations

from omprog_panic.kernel.analysis import analyze_text
from omprog_panic.kernel.pstore import MAX_BYTES, numbered

END = b"""Panic#1 Part1
<4>[  100.000300] Call Trace:
<4>[  100.000400]  acme_poll+0x41/0x2b0 [acme]
<0>[  100.000500] Kernel panic - not syncing: Fatal exception
""".splitlines(keepends=True)
BEGINNING = b"""Panic#1 Part2
<6>[   10.000000] acme: loaded
<1>[  100.000100] BUG: kernel NULL pointer dereference, address: 0000000000000018
<4>[  100.000200] RIP: 0010:acme_poll+0x41/0x2b0 [acme]
""".splitlines(keepends=True)


def test_the_older_part_comes_first_with_the_numbers_of_the_file() -> None:
    found = list(numbered([*END, *BEGINNING]))

    assert [raw for _, raw in found] == [*BEGINNING, *END]
    assert [number for number, _ in found] == [5, 6, 7, 8, 1, 2, 3, 4]


def test_a_crash_over_two_parts_is_one_incident() -> None:
    [report] = list(analyze_text([*END, *BEGINNING]))

    assert report.function == "acme_poll"
    assert report.panicked
    assert report.first_line <= report.last_line


def test_other_dumps_and_other_logs_keep_their_order() -> None:
    other = [raw.replace(b"Panic#1", b"Panic#2") for raw in BEGINNING]

    assert [raw for _, raw in numbered([*END, *other])] == [*END, *other]
    assert list(numbered(BEGINNING[1:])) == list(enumerate(BEGINNING[1:], 1))
    assert list(numbered([])) == []


def test_memory_is_limited() -> None:
    lines = [END[0], *(b"x" * 1000 for _ in range(3 * MAX_BYTES // 1000))]

    assert list(numbered(lines)) == list(enumerate(lines, 1))


def test_a_line_that_was_cut_between_two_parts_is_whole_again() -> None:
    newest = b"""Panic#1 Part1
_poll+0x41/0x2b0 [acme]
<0>[  100.000500] Kernel panic - not syncing: Fatal exception
"""
    middle = b"""Panic#1 Part2
g request at ffffc90000a1c000
<4>[  100.000300] Call Trace:
<4>[  100.000400]  acme"""
    oldest = b"""Panic#1 Part3
<6>[   10.000000] acme: loaded
<1>[  100.000100] BUG: unable to handle kernel pagin"""
    lines = (newest + middle + oldest).splitlines(keepends=True)
    [report] = list(analyze_text(lines))

    assert report.title == "BUG: unable to handle kernel paging request in acme_poll"
    assert report.panicked
    assert 1 <= report.first_line <= report.last_line <= len(lines)


def test_the_cut_line_of_the_newest_part_stays() -> None:
    lines = [b"Panic#1 Part1\n", b"<4>[  100.000300] Call Tr"]

    assert [raw for _, raw in numbered(lines)] == lines
