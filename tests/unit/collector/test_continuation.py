"""Which datagrams continue the record before them, and which repeat it."""

from __future__ import annotations

import pytest

from omprog_panic.collector.continuation import (
    can_be_continued,
    is_continuation,
    is_doubled,
)
from omprog_panic.netconsole.packet import Packet
from omprog_panic.netconsole.stored import note_hole

AT = "2026-11-22T21:00:{:02}.000000+00:00"


@pytest.mark.parametrize(
    ("flag", "own", "known", "continues"),
    [
        pytest.param("+", None, None, True, id="plus-always"),
        pytest.param("-", "4.15.0", None, False, id="minus-never"),
        pytest.param("c", "4.15.0", None, True, id="4.15"),
        pytest.param("c", "5.3.18", None, True, id="5.3"),
        pytest.param("c", "5.4.0", None, False, id="5.4"),
        pytest.param("c", "4.9.1", None, False, id="4.9"),
        pytest.param("c", None, "4.15.0", True, id="release-of-the-host"),
        pytest.param("c", None, None, False, id="unknown-release"),
        pytest.param("c", "next-2026", None, False, id="strange-release"),
    ],
)
def test_what_a_flag_means_depends_on_the_kernel(
    flag: str, own: str | None, known: str | None, continues: bool
) -> None:
    packet = Packet("x", extended=True, flag=flag, release=own)

    assert is_continuation(packet, known) is continues


@pytest.mark.parametrize(
    ("line", "continues"),
    [
        (None, False),
        ("t\tx", True),
        (note_hole(1, 2), False),
        ("t\t" + "x" * 4096, False),
    ],
    ids=["nothing", "record", "note", "too-long"],
)
def test_only_a_record_of_ordinary_length_is_continued(
    line: str | None, continues: bool
) -> None:
    assert can_be_continued(line) is continues


def test_a_doubled_datagram_is_found_unless_the_clock_stands_still() -> None:
    newest = [f"{AT.format(1)}\t[    5.000001] a", f"{AT.format(1)}\t[    5.000002] b"]
    assert is_doubled("[    5.000001] a", AT.format(2), newest)
    assert not is_doubled("[    5.000003] a", AT.format(2), newest)

    standing = [*newest, f"{AT.format(1)}\t[    5.000001] another"]
    assert not is_doubled("[    5.000001] a", AT.format(2), standing)


def test_an_equal_datagram_that_comes_much_later_is_of_another_boot() -> None:
    newest = [f"{AT.format(1)}\t[    5.000001] a"]

    assert not is_doubled("[    5.000001] a", AT.format(9), newest)
