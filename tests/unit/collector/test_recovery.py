"""The state of a host in the journal: written now, and by older programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omprog_panic.collector.recovery import decode_host, encode_host


def state(*context: str) -> dict[str, Any]:
    machine = {"context": list(context), "boot": 3}
    return {"ip": "10.0.0.2", "timeline": {"machine": machine, "host": None}}


@pytest.mark.parametrize(
    "given",
    [
        {"ip": "10.0.0.2"},  # a sender that was evicted
        state(),
        state("t\t[    1.5] one", "t\t[    1.6] two\nand its second line"),
        state("", ""),
        state("holds \x1e itself"),
        state("a", "\x1e", "b"),
        state("caf\xe9 \udc80 \U0001f600"),
    ],
)
def test_what_is_written_is_read_back(given: dict[str, Any]) -> None:
    kept = json.loads(json.dumps(given))
    assert decode_host(encode_host(given)) == kept
    assert given == kept


def test_what_older_programs_wrote_is_read() -> None:
    assert decode_host(json.dumps(state("one", "two")).encode()) == state("one", "two")
