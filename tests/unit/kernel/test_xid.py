"""The table of Xid numbers."""

from __future__ import annotations

from omprog_panic.kernel.xid import XIDS


def test_every_number_has_words() -> None:
    assert all(number.isdecimal() and words for number, words in XIDS.items())
