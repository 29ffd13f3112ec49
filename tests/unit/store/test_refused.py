"""Who was refused lately, as it is stored."""

from __future__ import annotations

from omprog_panic.store.refused import RefusedSender, decode, encode


def test_what_was_written_is_read_again() -> None:
    rows = [RefusedSender("192.0.2.9", 7, 2.5), RefusedSender("fd00::9", 1, 1.0)]

    assert decode(encode(rows)) == rows


def test_another_version_says_nothing() -> None:
    assert decode('{"version": 2, "senders": [["192.0.2.9", 7, 2.5]]}') == []
