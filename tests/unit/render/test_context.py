from __future__ import annotations

import pytest

from omprog_panic.render.context import shorten, utc
from omprog_panic.render.sample import sample_context


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-22T23:15:42.5+01:00", "2026-11-22 22:15:42 UTC"),
        ("2026-11-22T23:15:42", "2026-11-22T23:15:42"),
        ("not a time", "not a time"),
        ("", ""),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_times_are_utc_or_as_they_came(at: str, words: str) -> None:
    assert utc(at) == words


def test_a_shortened_context_differs_in_its_trace_alone() -> None:
    context = sample_context()
    short = shorten(context, 600)

    assert len(short.trace.text) <= 600 < len(context.trace.text)
    assert short.facts == context.facts


def test_of_a_shortened_trace_the_crash_still_comes_first() -> None:
    trace = sample_context().trace
    for room in range(len(trace.text)):
        short = shorten(sample_context(), room).trace
        assert len(short.text) <= room
        assert short.crash == trace.crash or not short.context
        assert trace.lines[trace.onset] not in short.text
        if short.crash and short.context:
            assert short.context[-1] == trace.context[-1] or "left out" in short.text
