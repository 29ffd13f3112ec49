"""When the sequence numbers of a host begin anew."""

from __future__ import annotations

import pytest

from omprog_panic.collector.numbering import PacketOrder
from omprog_panic.collector.open_trace import TraceLimits
from omprog_panic.collector.stream_record import StreamRecord
from omprog_panic.collector.timeline import Timeline
from omprog_panic.netconsole.packet import parse_packet

AT = "2026-11-22T21:00:{:09.6f}+00:00"


class Host:
    """An order and a timeline that have received some records."""

    def __init__(self, *payloads: str) -> None:
        self.order = PacketOrder()
        self.timeline = Timeline(TraceLimits())
        for payload in payloads:
            self.feed(payload, 1.0)

    def feed(self, payload: str, now: float) -> list[int | None]:
        packet = parse_packet(payload)
        at = AT.format(now)
        released = self.order.feed_in(self.timeline, packet, at, now)
        for item in released:
            line = f"{at}\t{payload}"
            text, time_us = item.packet.body, item.packet.time_us
            self.timeline.feed(StreamRecord(line, text, time_us, False), now)
        self.timeline.last_at, self.timeline.last_heard = at, now
        return [item.packet.sequence for item in released]


@pytest.mark.parametrize(
    ("payload", "now", "released"),
    [
        pytest.param("6,501,50000001,-;next", 1.0, [501], id="next"),
        pytest.param("6,500,50000000,-;a", 1.0, [], id="repeat"),
        pytest.param("6,480,40000000,-;a", 1.001, [480], id="swapped-but-first"),
        pytest.param("6,0,0,-;Linux version 6.1 (x)", 1.0, [0], id="banner"),
        pytest.param("6,490,10,-;x", 30.0, [490], id="pause-before-it"),
        pytest.param("6,5,10,-;x", 1.0, [5], id="far-back-and-the-clock-too"),
        pytest.param("6,5,60000000,-;x", 1.0, [5], id="back-in-number-not-in-time"),
    ],
)
def test_whether_a_number_begins_anew(
    payload: str, now: float, released: list[int | None]
) -> None:
    assert Host("6,500,50000000,-;a").feed(payload, now) == released


def test_within_the_replay_of_a_panic_no_numbering_begins() -> None:
    host = Host("6,500,50000000,-;a", "0,501,50000001,-;Kernel panic - not syncing: x")

    assert host.feed("6,500,50000000,-;a", 1.0) == []
    assert host.order.repeats == 1
    assert host.feed("6,5,10,-;of the log before it", 1.0) == [5]
    assert host.order.expects == 502


def test_a_number_that_was_used_with_another_text_is_no_repeat() -> None:
    host = Host("6,500,50000000,-;a", "6,501,50000001,-;b")

    assert host.feed("6,500,49000000,-;another host's", 1.0) == [500]
    assert host.feed("6,500,50000000,-;a", 1.0) == []
    assert host.order.expects == 502
    assert host.order.repeats == 1


def test_a_numbering_that_goes_on_after_all_is_taken_up_again() -> None:
    """Another host behind the address began in between."""
    host = Host("6,500,50000000,-;a")
    assert host.feed("6,7,10,-;another", 30.0) == [7]

    assert host.feed("6,501,80000000,-;b", 30.1) == [501]


@pytest.mark.parametrize(("now", "released"), [(16.0, []), (59.0, [383])])
def test_an_equal_panic_is_a_repeat_for_seconds_only(
    now: float, released: list[int]
) -> None:
    """A virtual machine may show the same number and time in every boot.

    A forged number far ahead made that of the panic a used one.
    """
    panic = "4,383,15500000,-;Kernel panic - not syncing: Fatal exception"
    host = Host("4,382,15000000,-;chatter")
    host.feed(panic, 15.5)
    host.feed("4,1099511628159,15500001,-;words", 15.6)

    assert [n for n in host.feed(panic, now) if n == 383] == released


def test_the_rest_of_a_record_begins_no_numbering() -> None:
    """The monitor's clock may step between two fragments of a panic."""
    host = Host("4,500,50000000,-,ncfrag=0/31;Kernel panic", "4,501,50000000,-;frame")

    rest = host.feed("4,500,50000000,-,ncfrag=12/31; - not syncing: x..", 9.0)
    assert rest == [500, 501]
    assert not host.order.busy
