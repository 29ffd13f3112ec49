"""Laws of the pipeline: nothing vanishes, and the journal rebuilds everything."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.checkpoint import Checkpointer
from omprog_panic.collector.journal import LINES, Journal
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.recovery import Recovery
from omprog_panic.spool.codec import decode, encode
from omprog_panic.spool.record import IncidentRecord, SpoolRecord
from tests.omprog_driver import envelope
from tests.property.strategies import datagrams

STREAMS = st.lists(
    st.tuples(
        st.sampled_from(["10.0.0.2", "10.0.0.3"]),
        st.floats(0, 5, allow_nan=False),
        datagrams(),
    ),
    max_size=60,
)
Stream = list[tuple[str, float, str]]


def make_pipeline() -> Pipeline:
    return Pipeline(allowed=AllowedNetworks(["10.0.0.0/8"]))


def lines_of(stream: Stream) -> list[tuple[float, bytes]]:
    now, lines = 0.0, []
    for ip, pause_s, payload in stream:
        # Never twice the same moment: a line that is equal to the letter is what
        # rsyslogd sends again after a restart, and is taken for that.
        now += pause_s + 0.000_01
        lines.append((now, envelope(payload, ip, now)))
    return lines


def run(pipeline: Pipeline, lines: list[tuple[float, bytes]]) -> list[SpoolRecord]:
    for now, line in lines:
        deadline = pipeline.deadline()
        while deadline is not None and deadline <= now:
            pipeline.tick(deadline)
            deadline = pipeline.deadline()
        pipeline.feed(line, now)
    return pipeline.take()


def finish(pipeline: Pipeline) -> list[SpoolRecord]:
    deadline = pipeline.deadline()
    while deadline is not None:
        pipeline.tick(deadline)
        deadline = pipeline.deadline()
    return pipeline.take()


@given(STREAMS)
def test_any_stream_gives_records_that_survive_their_encoding(stream: Stream) -> None:
    pipeline = make_pipeline()
    records = run(pipeline, lines_of(stream)) + finish(pipeline)

    for record in records:
        assert decode(encode(record)) == record
        if isinstance(record, IncidentRecord):
            assert record.onset.lost == 0
    assert pipeline.deadline() is None


@given(STREAMS)
def test_the_same_lines_give_the_same_records(stream: Stream) -> None:
    lines = lines_of(stream)
    first, second = make_pipeline(), make_pipeline()

    assert run(first, lines) == run(second, lines)
    assert finish(first) == finish(second)


@given(STREAMS, st.data())
def test_a_killed_collector_is_rebuilt_from_its_journal(
    stream: Stream,
    data: st.DataObject,
) -> None:
    """Killed at any line, with or without a carry under way: the same incidents."""
    lines = lines_of(stream)
    cut = data.draw(st.integers(0, len(lines)))
    carry_at = data.draw(st.integers(0, cut))
    steps = data.draw(st.integers(0, 3))
    whole = make_pipeline()
    expected = run(whole, lines) + finish(whole)
    with tempfile.TemporaryDirectory() as name:
        journal = Journal(Path(name))
        pipeline = make_pipeline()
        checkpointer = Checkpointer(journal, pipeline)
        checkpointer.begin(0.0, set())
        checkpointer.step(0.0, set())
        got = []
        for index, (now, line) in enumerate(lines[:cut]):
            journal.append(LINES, line, now)
            got += run(pipeline, [(now, line)])
            if index == carry_at:
                checkpointer.begin(now, {r.id for r in got})
                for _ in range(steps):
                    checkpointer.step(now, {r.id for r in got})
        journal.close()

        rebuilt = make_pipeline()
        again = Journal(Path(name))
        recovery = Recovery(rebuilt)
        waiting = recovery.run(again)
        again.close()
        rest = run(rebuilt, lines[cut:]) + finish(rebuilt)

    assert incidents(waiting + rest) == incidents(expected)


def incidents(records: list[SpoolRecord]) -> dict[str, IncidentRecord]:
    return {r.id: r for r in records if isinstance(r, IncidentRecord)}
