from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.plain import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain <IRQ> text", "plain <IRQ> text"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("abc\u202edef\u200b", "abc\\u202edef\\u200b"),
        ("line\u2028end", "line\\u2028end"),
        ("\udcff", "\\udcff"),
        ("no\xa0break", "no\xa0break"),
        ("\U000e0001", "\\U000e0001"),
        ("паника", "паника"),
    ],
    ids=["plain", "kept", "ansi", "marks", "line", "undecoded", "space", "tag", "ru"],
)
def test_only_what_could_act_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.integers(0, 0x10FFFF).map(chr)))
def test_nothing_invisible_is_left(text: str) -> None:
    shown = visible(text).replace("\n", "").replace("\t", "")

    categories = {unicodedata.category(character) for character in shown}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    shown.encode()


@given(st.text(), st.integers(4, 50))
def test_one_line_is_one_and_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)

    assert len(line) <= limit
    assert "\n" not in line
