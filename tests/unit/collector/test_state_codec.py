"""The state in the journal: read back as it was written, refused in other versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.source import Source
from omprog_panic.collector.state_codec import (
    decode_addresses,
    decode_networks,
    decode_published,
    decode_source,
    encode_addresses,
    encode_networks,
    encode_published,
    encode_source,
)
from omprog_panic.errors import MalformedStateError

AT = "2026-11-22T21:00:00.000000+00:00"
PANIC = "[    5.000002] Kernel panic - not syncing: x"
LIMITS = TraceLimits(max_records=20)


def source_of(*payloads: str) -> Source:
    source = Source(LIMITS)
    for n, payload in enumerate(payloads):
        source.feed(payload, AT, 1.0 + n / 100)
    return source


@pytest.mark.parametrize(
    "payloads",
    [
        (),
        ("[    5.000001] one",),
        ("[    5.000001] one", "[    5.000002] two \xe9\u2028\ud800"),
        ("[    5.000001] holds \x1e the separator", "[    5.000002] two"),
        ("[    5.000001] holds \n a line feed", "6,7,5000002,-;of two\n KEY=value"),
        ("[    5.000001] one", PANIC, *(f"[    5.1{n:05}] x" for n in range(40))),
    ],
    ids=["empty", "one", "odd-characters", "separator", "line-feed", "open-trace"],
)
def test_a_state_is_read_back_as_it_was_written(payloads: tuple[str, ...]) -> None:
    written = encode_source("192.0.2.1", source_of(*payloads))
    address, source = decode_source(written, LIMITS)

    assert address == "192.0.2.1"
    assert source is not None
    assert encode_source(address, source) == written


def test_an_open_trace_goes_on_as_if_nothing_had_happened() -> None:
    lines = (f"[    5.1{n:05}] x" for n in range(40))
    source = source_of("[    5.000001] before", PANIC, *lines)
    _, again = decode_source(encode_source("a", source), LIMITS)
    assert again is not None

    end = "[    6.000000] ---[ end Kernel panic - not syncing: x ]---"
    assert again.deadline() == source.deadline()
    assert again.feed(end, AT, 2.0) == source.feed(end, AT, 2.0)


def test_a_source_that_was_evicted_has_no_state() -> None:
    assert decode_source(encode_source("a", None), LIMITS) == ("a", None)


def test_the_context_stands_outside_of_the_json() -> None:
    written = encode_source("a", source_of("[    5.000001] one"))
    head, feed, context = written.partition(b"\n")

    assert feed
    assert b"one" not in head
    assert context.endswith(b"one")


LISTS: list[tuple[Callable[[list[str]], bytes], Callable[[bytes], list[str]]]] = [
    (encode_addresses, decode_addresses),
    (encode_networks, decode_networks),
    (encode_published, decode_published),
]


@pytest.mark.parametrize(("encode", "decode"), LISTS)
def test_lists_are_read_back(
    encode: Callable[[list[str]], bytes], decode: Callable[[bytes], list[str]]
) -> None:
    assert decode(encode([])) == []
    assert decode(encode(["10.0.0.2", "b"])) == ["10.0.0.2", "b"]


def changed(content: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(content), **fields}).encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="not-json"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b"{}", id="no-version"),
        pytest.param(changed(encode_source("a", None), version=2), id="later"),
        pytest.param(changed(encode_source("a", None), primary={}), id="nothing"),
    ],
)
def test_a_state_in_another_format_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedStateError):
        decode_source(content, LIMITS)


@pytest.mark.parametrize(("encode", "decode"), LISTS)
def test_a_list_in_another_format_is_refused(
    encode: Callable[[list[str]], bytes], decode: Callable[[bytes], list[str]]
) -> None:
    for content in (b"{", b"[]", b"{}", changed(encode([]), version=2)):
        with pytest.raises(MalformedStateError):
            decode(content)
