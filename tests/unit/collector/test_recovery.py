from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.collector.allow import AllowedNetworks
from omprog_panic.collector.journal import LINES, Journal
from omprog_panic.collector.pipeline import Pipeline
from omprog_panic.collector.recovery import (
    Carrier,
    Recovery,
    decode_host,
    encode_host,
)
from tests.omprog_driver import envelope

if TYPE_CHECKING:
    from pathlib import Path


def make_pipeline() -> Pipeline:
    return Pipeline(allowed=AllowedNetworks(["10.0.0.0/8"]))


def test_an_incident_closed_during_a_carry_keeps_the_segments_it_needs(
    tmp_path: Path,
) -> None:
    journal, pipeline = Journal(tmp_path), make_pipeline()
    carrier = Carrier(journal, pipeline)
    carrier.begin(0.0, set())

    def say(ip: str, payload: str) -> None:
        line = envelope(payload, ip)
        journal.append(LINES, line, 1.0)
        pipeline.feed(line, 1.0)

    for n in range(20):
        say(f"10.0.0.{n}", "[    1.000000] chatter")
    carrier.begin(1.0, set())
    # The state of this one has not been written when its panic is over.
    say("10.0.0.19", "[    2.000000] Kernel panic - not syncing: x")
    say("10.0.0.19", "[    2.000001] ---[ end Kernel panic - not syncing: x ]---")
    unpublished = {r.id for r in pipeline.take() if "onset" in dir(r)}
    for _ in range(5):
        carrier.step(1.0, unpublished)
    journal.close()
    again = Journal(tmp_path)
    waiting = Recovery(make_pipeline()).run(again)
    again.close()

    assert len(unpublished) == 1
    assert {record.id for record in waiting} == unpublished
    assert carrier.busy


@given(st.lists(st.text(max_size=20), max_size=10))
def test_the_state_of_a_sender_is_read_back(context: list[str]) -> None:
    state = {"ip": "10.0.0.2", "machine": {"context": context, "open": None}}

    assert decode_host(encode_host(state)) == state
    assert decode_host(json.dumps(state).encode()) == state
