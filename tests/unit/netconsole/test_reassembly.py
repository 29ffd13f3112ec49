from __future__ import annotations

from itertools import permutations

import pytest

from omprog_panic.netconsole.fragments import MAX_FRAGMENTED
from omprog_panic.netconsole.packet import Packet, parse_packet
from omprog_panic.netconsole.reassembly import (
    HOLE_TIMEOUT_S,
    MAX_NUMBERINGS,
    MAX_WAITING,
    Ordered,
    Reassembler,
)
from omprog_panic.netconsole.stored import is_stored

PANIC = "Kernel panic - not syncing"


def packet(sequence: int, body: str = "", flag: str = "-") -> Packet:
    return parse_packet(f"6,{sequence},{sequence * 10},{flag};{body or sequence}")


def fragment(sequence: int, offset: int, total: int, body: str) -> Packet:
    keys = f"ncfrag={offset}/{total}"
    return parse_packet(f"6,{sequence},{sequence * 10},-,{keys};{body}")


def sequences(released: list[Ordered]) -> list[int | None]:
    return [item.packet.sequence for item in released]


class Remembering(Reassembler):
    """One whose caller knows every packet that was released."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[int | None, str]] = set()
        self.was_received = lambda p: (p.sequence, p.body) in self.seen

    def feed(self, packet: Packet, at: str, now: float) -> list[Ordered]:
        released = super().feed(packet, at, now)
        self.seen |= {(i.packet.sequence, i.packet.body) for i in released}
        return released


@pytest.fixture
def order() -> Reassembler:
    return Remembering()


def test_packets_in_order_pass_at_once(order: Reassembler) -> None:
    assert sequences(order.feed(packet(100), "a", 0.0)) == [100]
    assert sequences(order.feed(packet(101), "a", 0.0)) == [101]
    assert order.deadline() is None


def test_swapped_packets_are_put_in_order(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)

    assert order.feed(packet(102), "a", 0.0) == []
    assert sequences(order.feed(packet(101), "a", 0.1)) == [101, 102]


def test_a_hole_is_given_up_after_its_time_and_counted(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(104), "a", 1.0)

    assert order.deadline() == 1.0 + HOLE_TIMEOUT_S
    assert order.tick(1.0 + HOLE_TIMEOUT_S / 2) == []
    (item,) = order.tick(1.0 + HOLE_TIMEOUT_S)
    assert (item.packet.sequence, item.lost, item.late) == (104, 3, False)
    assert order.deadline() is None


def test_a_steady_stream_does_not_prolong_the_wait(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(102), "a", 1.0)
    order.feed(packet(103), "a", 1.15)

    assert sequences(order.tick(1.0 + HOLE_TIMEOUT_S)) == [102, 103]


def test_a_later_hole_is_waited_for_on_its_own(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(102), "a", 1.0)
    order.feed(packet(104), "a", 1.15)

    assert sequences(order.tick(1.0 + HOLE_TIMEOUT_S)) == [102]
    assert sequences(order.feed(packet(103), "a", 1.25)) == [103, 104]


def test_what_comes_after_its_hole_was_given_up_is_late_not_lost(
    order: Reassembler,
) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(103), "a", 0.0)
    order.tick(1.0)

    (item,) = order.feed(packet(101), "a", 1.5)
    assert item.late is True
    assert order.feed(packet(101), "a", 1.6) == []
    assert order.repeats == 1


def test_repeats_are_dropped_and_counted(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(102), "a", 0.0)

    assert order.feed(packet(100), "a", 0.0) == []
    assert order.feed(packet(102), "a", 0.0) == []
    assert order.repeats == 2


def test_a_used_number_with_another_text_is_released(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(102), "a", 0.0)

    assert sequences(order.feed(packet(100, "another"), "a", 0.0)) == [100]
    assert sequences(order.feed(packet(102, "another"), "a", 0.0)) == [102]
    assert order.repeats == 0
    assert sequences(order.feed(packet(101), "a", 0.0)) == [101, 102]


def test_a_numbering_goes_on_after_a_jump_that_was_forged(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(100_100, "forged"), "a", 0.1)
    assert sequences(order.tick(1.0)) == [100_100]

    assert sequences(order.feed(packet(101), "a", 1.1)) == [101]
    assert sequences(order.feed(packet(102), "a", 1.2)) == [102]
    assert order.deadline() is None


def test_two_hosts_that_count_apart_are_both_in_order(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(5000, "other"), "a", 0.0)
    order.tick(1.0)
    released = []
    for number in range(1, 6):
        released += order.feed(packet(100 + number), "a", 1.0 + number)
        released += order.feed(packet(5000 + number, "other"), "a", 1.0 + number)

    assert [item.lost for item in released] == [0] * 10
    assert order.repeats == 0
    assert order.deadline() is None


def test_so_many_numberings_are_remembered(order: Reassembler) -> None:
    for number in range(20):
        order.feed(packet(number * 1000), "a", number)
        order.tick(number + 0.9)

    assert len(order.numbering().others) == MAX_NUMBERINGS


def test_what_was_swapped_with_the_first_packet_is_no_repeat(
    order: Reassembler,
) -> None:
    order.feed(packet(101), "a", 0.0)

    (item,) = order.feed(packet(100), "a", 0.0)
    assert item.late is True


def test_too_many_waiting_packets_give_the_hole_up(order: Reassembler) -> None:
    order.feed(packet(0), "a", 0.0)
    released = []
    for sequence in range(2, MAX_WAITING + 4):
        released += order.feed(packet(sequence), "a", 0.0)

    assert sequences(released) == list(range(2, MAX_WAITING + 4))
    assert released[0].lost == 1


FRAGMENTS = (
    "6,9,5,-,ncfrag=0/20;0123456",
    "6,9,5,-,ncfrag=7/20;789abcd",
    "6,9,5,-,ncfrag=14/20;efghi",  # and the line feed that rsyslogd took
)


@pytest.mark.parametrize("arrival", list(permutations(FRAGMENTS)))
def test_fragments_join_in_any_order(
    order: Reassembler,
    arrival: tuple[str, ...],
) -> None:
    released = []
    for payload in arrival:
        released += order.feed(parse_packet(payload), "a", 0.0)

    (item,) = released
    assert item.packet.body.rstrip("\n") == "0123456789abcdefghi"
    assert item.packet.fragment is None
    assert item.holes == 0


def test_overlapping_and_repeated_fragments_do_no_harm(order: Reassembler) -> None:
    payloads = [
        FRAGMENTS[0],
        FRAGMENTS[0],
        "6,9,5,-,ncfrag=4/20;456789abcd",
        FRAGMENTS[2],
    ]
    released = []
    for payload in payloads:
        released += order.feed(parse_packet(payload), "a", 0.0)

    assert released[0].packet.body.rstrip("\n") == "0123456789abcdefghi"


def test_a_line_feed_at_the_end_of_a_middle_fragment_is_put_back(
    order: Reassembler,
) -> None:
    order.feed(parse_packet("6,9,5,-,ncfrag=0/14;0123"), "a", 0.0)
    (item,) = order.feed(parse_packet("6,9,5,-,ncfrag=5/14; rack=r12"), "a", 0.0)

    assert item.packet.body == "0123\n rack=r12"


def test_a_fragment_that_never_comes_leaves_a_named_hole(order: Reassembler) -> None:
    order.feed(parse_packet(FRAGMENTS[0]), "a", 0.0)
    order.feed(parse_packet(FRAGMENTS[2]), "b", 0.1)

    (item,) = order.tick(0.1 + HOLE_TIMEOUT_S)
    assert item.packet.body == "0123456[7 bytes lost]efghi"
    assert (item.holes, item.at) == (7, "b")


def test_fragmented_records_are_bounded(order: Reassembler) -> None:
    released = []
    for sequence in range(MAX_FRAGMENTED + 1):
        part = parse_packet(f"6,{sequence},5,-,ncfrag=0/500;x")
        released += order.feed(part, "a", 0.0)

    assert sequences(released) == [0]
    assert released[0].holes == 499


def test_restart_releases_what_was_waiting(order: Reassembler) -> None:
    order.feed(packet(100), "a", 0.0)
    order.feed(packet(102), "a", 0.0)

    assert sequences(order.restart()) == [102]
    assert sequences(order.feed(packet(0), "a", 0.0)) == [0]


def test_the_numbering_can_be_carried_over() -> None:
    first, second = Reassembler(), Reassembler()
    first.feed(packet(5), "a", 0.0)
    first.feed(packet(8), "a", 0.0)
    first.tick(1.0)
    second.resume(first.numbering())

    assert second.expects == 9
    assert second.feed(packet(6), "a", 2.0)[0].late is True


def test_a_doubled_fragment_of_a_used_number_is_a_repeat(order: Reassembler) -> None:
    whole = "0123456789"
    order.was_received = lambda p: is_stored(p, [f"at\t6,100,1000,-;{whole}"])
    order.feed(fragment(100, 0, 10, whole[:4]), "a", 0.0)
    order.feed(fragment(100, 4, 10, whole[4:]), "a", 0.0)

    assert order.feed(fragment(100, 4, 10, whole[4:]), "a", 0.1) == []
    assert order.tick(0.1 + HOLE_TIMEOUT_S) == []
    assert order.repeats == 1


def test_fragments_of_another_record_with_a_used_number_are_kept(
    order: Reassembler,
) -> None:
    """A forged record had the number of a panic, and begins like it."""
    forged, real = "Kernel panic - not syncing: other", f"{PANIC}: Fatal exception"
    order.was_received = lambda p: is_stored(p, [f"at\t6,100,1000,-;{forged}"])
    order.feed(packet(100, forged), "a", 0.0)
    cut = len(PANIC)
    order.feed(fragment(100, 0, len(real), real[:cut]), "a", 1.0)
    released = order.feed(fragment(100, cut, len(real), real[cut:]), "a", 1.0)

    assert [item.packet.body for item in released] == [real]


def test_a_record_that_is_incomplete_at_a_new_numbering_belongs_to_it(
    order: Reassembler,
) -> None:
    """The packet after it shows that the host counts anew."""
    text = f"{PANIC}: Fatal exception"
    order.feed(packet(96), "a", 0.0)
    order.feed(fragment(33, 0, len(text), text[:14]), "a", 2.0)
    released = order.restart(packet(34)) + order.feed(packet(34), "a", 2.0)
    assert released == []

    released = order.feed(fragment(33, 14, len(text), text[14:]), "a", 2.0)
    assert [item.packet.body for item in released] == [text, "34"]


def test_the_first_record_of_all_may_be_incomplete(order: Reassembler) -> None:
    text = f"{PANIC}: Fatal exception"
    order.feed(fragment(33, 0, len(text), text[:14]), "a", 2.0)
    assert order.feed(packet(34), "a", 2.0) == []

    released = order.feed(fragment(33, 14, len(text), text[14:]), "a", 2.0)
    assert [item.packet.body for item in released] == [text, "34"]
