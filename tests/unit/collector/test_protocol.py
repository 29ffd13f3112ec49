"""The next line: looked for without sleeping where that is worth it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from omprog_panic.collector.protocol import OmprogChannel

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pipe:
    """A channel whose lines the test writes."""

    def __init__(self) -> None:
        self.source, self.rsyslogd = os.pipe()
        self.channel = OmprogChannel(self.source, self.rsyslogd)

    def say(self, line: bytes) -> None:
        os.write(self.rsyslogd, line)

    def close(self) -> None:
        os.close(self.source)
        os.close(self.rsyslogd)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_a_line_that_is_there_comes_soon(pipe: Pipe) -> None:
    pipe.say(b"a line\n")

    assert pipe.channel.comes_soon()
    assert pipe.channel.read() == (b"a line", 1)


def test_what_is_looked_for_in_vain_is_looked_for_more_and_more_seldom(
    pipe: Pipe,
) -> None:
    channel = pipe.channel
    seen = [channel.overlaps, channel.comes_soon(), channel.overlaps]
    assert seen == [True, False, False]
    # Left out for the next two lines, then for the next four.
    assert not any(channel.comes_soon() for _ in range(2 + 1))
    pipe.say(b"a line\n")

    assert [channel.comes_soon() for _ in range(4 + 1)] == [False] * 4 + [True]
    assert channel.overlaps


def test_it_is_never_given_up(pipe: Pipe) -> None:
    channel = pipe.channel
    assert not any(channel.comes_soon() for _ in range(10_000))
    pipe.say(b"a line\n")

    assert any(channel.comes_soon() for _ in range(1024 + 1))
