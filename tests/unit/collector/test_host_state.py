"""A sender's state in the journal: written apart from its context, read in any form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omprog_panic.collector.address import Address
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.recovery import decode_host, encode_host

AT = "2026-11-22T21:00:00.000000+00:00"


def state_of(*payloads: str) -> dict[str, Any]:
    sender = Address(TraceLimits())
    for n, payload in enumerate(payloads):
        sender.feed(payload, AT, 1.0 + n)
    # As json gives it back: its lists are no tuples.
    state: dict[str, Any] = json.loads(json.dumps(sender.dump()))
    return {"ip": "192.0.2.1", **state}


@pytest.mark.parametrize(
    "payloads",
    [
        (),
        ("[    5.000001] one",),
        ("[    5.000001] one", "[    5.000002] two \xe9\u2028\ud800"),
        ("[    5.000001] holds \x1e what stands between", "[    5.000002] two"),
        ("[    5.000001] holds \n a line feed", "6,7,5000002,-;of two\n KEY=value"),
    ],
)
def test_a_state_is_read_back_as_it_was_written(payloads: tuple[str, ...]) -> None:
    state = state_of(*payloads)

    assert decode_host(encode_host(state)) == state


def test_a_sender_that_was_evicted_has_no_state() -> None:
    assert decode_host(encode_host({"ip": "192.0.2.1"})) == {"ip": "192.0.2.1"}


def test_the_context_stands_outside_of_the_json() -> None:
    head, feed, context = encode_host(state_of("[    5.000001] one")).partition(b"\n")

    assert feed
    assert b"one" not in head
    assert context.endswith(b"one")


def test_the_state_of_an_older_collector_is_read() -> None:
    # All of it was JSON, the context too.
    state = state_of("[    5.000001] one", "[    5.000002] two")

    assert decode_host(json.dumps(state).encode()) == state
