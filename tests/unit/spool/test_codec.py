"""Spool files: every field is written, defaults are filled in, nonsense is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.model import EndReason, Record
from omprog_panic.spool.codec import VERSION, decode, encode
from omprog_panic.spool.record import AliveRecord, CountersRecord, IncidentRecord

INCIDENT = IncidentRecord(
    "1" * 32, "10.0.0.2", "b", EndReason.SILENCE, 0, (Record("x"),)
)


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(encode(INCIDENT)), **fields}).encode()


def test_a_printk_record_has_only_the_fields_that_are_not_the_default() -> None:
    (record,) = json.loads(encode(INCIDENT))["records"]

    assert record == {"text": "x"}


def test_fields_of_a_later_collector_are_ignored() -> None:
    assert decode(changed(weather="rain")) == INCIDENT


def test_missing_optional_fields_have_their_defaults() -> None:
    least = {"version": VERSION, "kind": "alive", "id": "1", "source": "s", "at": "t"}

    assert decode(json.dumps(least).encode()) == AliveRecord("1", "s", "t")


def test_lists_come_back_as_tuples() -> None:
    counters = CountersRecord("1", "t", {"incidents": 2}, ("10.0.0.9",))

    assert decode(encode(counters)) == counters


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"{", "JSONDecodeError", id="not-json"),
        pytest.param(b"[]", "not a JSON object", id="no-object"),
        pytest.param(b'{"version": 1}', "KeyError", id="no-kind"),
        pytest.param(changed(version=2), "version 2", id="later-version"),
        pytest.param(changed(kind="dream"), "KeyError", id="unknown-kind"),
        pytest.param(changed(kind=[]), "TypeError", id="kind-of-wrong-type"),
        pytest.param(changed(end="whim"), "ValueError", id="unknown-end"),
        pytest.param(changed(context=1), "no onset", id="context-too-large"),
        pytest.param(changed(records=[{"text": 5}]), "without text", id="no-text"),
    ],
)
def test_what_is_no_record_is_refused_with_the_reason(
    content: bytes, reason: str
) -> None:
    with pytest.raises(MalformedRecordError, match=reason):
        decode(content)
