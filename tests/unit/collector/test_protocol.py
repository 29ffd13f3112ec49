"""Looking for the next line without sleeping."""

from __future__ import annotations

import os

from omprog_panic.collector.protocol import OmprogChannel


def test_a_line_that_is_there_is_seen_at_once() -> None:
    source, writer = os.pipe()
    channel = OmprogChannel(source, os.open(os.devnull, os.O_WRONLY))
    os.write(writer, b"one\n")

    assert channel.comes_soon()
    assert channel.overlaps
    assert channel.read() == (b"one", 1)


def test_looking_in_vain_is_left_out_more_and_more() -> None:
    source, writer = os.pipe()
    channel = OmprogChannel(source, os.open(os.devnull, os.O_WRONLY))

    assert not channel.comes_soon()
    assert not channel.overlaps
    os.write(writer, b"one\n")
    left_out = [channel.comes_soon() for _ in range(3)]
    assert left_out == [False, False, True]
    assert channel.overlaps
