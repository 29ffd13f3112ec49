"""Laws of packet and reassembly."""

from __future__ import annotations

import contextlib
import random

from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.collector.envelope import parse_envelope
from omprog_panic.errors import MalformedEnvelopeError, MalformedPacketError
from omprog_panic.netconsole.packet import (
    Packet,
    parse_packet,
    record_of,
    render_extended,
)
from omprog_panic.netconsole.reassembly import Ordered, Reassembler
from omprog_panic.netconsole.stored import expand, store_basic
from tests.omprog_driver import envelope
from tests.property.strategies import TEXTS, datagrams, extended_packets


@given(st.text())
def test_any_text_parses_or_is_malformed(payload: str) -> None:
    with contextlib.suppress(MalformedPacketError):
        record_of(parse_packet(payload), "")


@given(st.binary(max_size=300))
def test_any_line_is_an_envelope_or_malformed(line: bytes) -> None:
    with contextlib.suppress(MalformedEnvelopeError):
        parse_envelope(line)


@given(extended_packets())
def test_a_rendered_header_parses_back(packet: Packet) -> None:
    assert parse_packet(render_extended(packet)) == packet


@given(TEXTS.filter(lambda text: "#0" not in text and not text.endswith("\n")))
def test_rsyslogd_changes_nothing_that_is_not_undone(text: str) -> None:
    payload = f"[    1.500000] {text}"

    assert parse_envelope(envelope(payload)).payload == payload


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=80))
def test_a_stored_basic_record_says_what_its_packet_says(payload: str) -> None:
    try:
        packet = parse_packet(payload)
    except MalformedPacketError:
        return

    assert expand(store_basic(payload, "at")) == record_of(packet, "at")


def packets(count: int) -> list[Packet]:
    return [parse_packet(f"6,{n},{n},-;record {n}") for n in range(count)]


def drain(order: Reassembler, arrival: list[Packet]) -> list[Ordered]:
    released = []
    for packet in arrival:
        released += order.feed(packet, "", 0.0)
    return released + order.tick(1e9)


@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_any_order_of_arrival_within_the_wait_gives_the_same_records(
    count: int,
    chance: random.Random,
) -> None:
    sent = packets(count)
    arrival = sent[1:]
    chance.shuffle(arrival)

    released = drain(Reassembler(), [sent[0], *arrival])
    assert [item.packet for item in released] == sent
    assert all(item.lost == 0 and not item.late for item in released)


@given(st.lists(st.integers(0, 30), max_size=80))
def test_every_packet_is_released_once_or_counted_as_a_repeat(
    numbers: list[int],
) -> None:
    order = Reassembler()
    order.was_received = lambda _packet: True  # what is used has this content
    released = drain(order, [packets(31)[n] for n in numbers])

    bodies = [item.packet.body for item in released]
    assert sorted(bodies) == sorted({f"record {n}" for n in numbers})
    assert len(bodies) + order.repeats == len(numbers)


@given(st.sets(st.integers(1, 60), max_size=30))
def test_what_is_missing_is_what_was_lost(lost: set[int]) -> None:
    sent = [p for p in packets(62) if p.sequence not in lost]

    released = drain(Reassembler(), sent)
    assert sum(item.lost for item in released) == len(lost)
    assert [item.packet for item in released] == sent


@given(st.text("abc ", min_size=1, max_size=60), st.integers(2, 20), st.data())
def test_fragments_in_any_order_and_repeated_give_the_body(
    body: str,
    size: int,
    data: st.DataObject,
) -> None:
    total = len(body) + 1  # the final line feed, which rsyslogd takes
    pieces = [
        f"6,5,9,-,ncfrag={at}/{total};{body[at : at + size]}"
        for at in range(0, len(body), size)
    ]
    arrival = data.draw(st.permutations(pieces + pieces[:2]))

    released = []
    order = Reassembler()
    order.was_received = lambda _packet: True
    for payload in arrival:
        released += order.feed(parse_packet(payload), "", 0.0)
    assert [item.packet.body for item in released] == [body]


@given(st.lists(datagrams(), max_size=30))
def test_no_fragment_sequence_is_too_strange(payloads: list[str]) -> None:
    order = Reassembler()
    for now, payload in enumerate(payloads):
        with contextlib.suppress(MalformedPacketError):
            packet = parse_packet(payload)
            if packet.extended:
                order.feed(packet, "", now / 10)
    order.flush()
    assert order.deadline() is None
