"""ARP, neighbour discovery, the kernel's notices, and what ip and /proc print."""

from __future__ import annotations

import socket
import struct

import pytest

from omprog_panic_client.facts import Link, Target
from omprog_panic_client.ipjson import parse_links, parse_neighbour, parse_route
from omprog_panic_client.modulefile import parameter
from omprog_panic_client.netlink import requires_check
from omprog_panic_client.probe import (
    arp_request,
    mac_bytes,
    parse_advertisement,
    parse_arp_reply,
    solicitation,
)
from omprog_panic_client.watch import BACKOFF_MAX_S, BACKOFF_S, Backoff

OWN, OTHER = "52:54:00:12:34:56", "02:00:00:00:00:01"


def reply(operation: int = 2, address: str = "10.0.0.1") -> bytes:
    """An ARP frame as a router sends it, padded to Ethernet's 60 bytes."""
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    arp += mac_bytes(OTHER) + socket.inet_aton(address)
    arp += mac_bytes(OWN) + socket.inet_aton("10.0.0.2")
    return mac_bytes(OWN) + mac_bytes(OTHER) + b"\x08\x06" + arp + bytes(18)


def test_an_arp_request_is_what_rfc_826_asks_for() -> None:
    frame = arp_request(OWN, "10.0.0.2", "10.0.0.1")

    assert frame.hex() == (
        "ffffffffffff525400123456" + "0806" + "0001080006040001"
        "525400123456" + "0a000002" + "000000000000" + "0a000001"
    )


def test_of_arp_frames_only_the_answer_counts() -> None:
    assert parse_arp_reply(reply(), "10.0.0.1") == OTHER
    assert parse_arp_reply(reply(operation=1), "10.0.0.1") is None
    assert parse_arp_reply(reply(address="10.0.0.9"), "10.0.0.1") is None
    assert parse_arp_reply(reply()[:40], "10.0.0.1") is None
    assert parse_arp_reply(arp_request(OWN, "10.0.0.2", "10.0.0.1"), "10.0.0.1") is None


def test_a_solicitation_carries_our_own_address() -> None:
    message = solicitation(OWN, "fe80::1")

    assert message[:4] == bytes([135, 0, 0, 0])
    assert message[8:24] == socket.inet_pton(socket.AF_INET6, "fe80::1")
    assert message[24:] == bytes([1, 1]) + mac_bytes(OWN)


def advertisement(options: bytes, kind: int = 136) -> bytes:
    target = socket.inet_pton(socket.AF_INET6, "fe80::1")
    return struct.pack("!BBHI", kind, 0, 0, 0x60000000) + target + options


TARGET_OPTION = bytes([2, 1]) + mac_bytes(OTHER)


@pytest.mark.parametrize(
    ("message", "mac"),
    [
        (advertisement(TARGET_OPTION), OTHER),
        (advertisement(bytes([14, 1, 0, 0, 0, 0, 0, 0]) + TARGET_OPTION), OTHER),
        (advertisement(b""), None),
        (advertisement(bytes([2, 0]) + bytes(6)), None),
        (advertisement(TARGET_OPTION, kind=135), None),
        (b"\x88", None),
    ],
    ids=["answer", "after-another-option", "no-option", "length-0", "question", "cut"],
)
def test_an_advertisement_says_the_mac_address(message: bytes, mac: str | None) -> None:
    assert parse_advertisement(message, "fe80::1") == mac
    assert parse_advertisement(message, "fe80::2") is None


# --- notices ----------------------------------------------------------------------


def notice(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def neighbour(address: str, mac: str, kind: int = 28) -> bytes:
    """RTM_NEWNEIGH for one address."""
    body = struct.pack("=BBHiHBB", socket.AF_INET, 0, 0, 2, 2, 0, 1)
    body += struct.pack("=HH", 8, 1) + socket.inet_aton(address)
    if mac:
        body += struct.pack("=HH", 10, 2) + mac_bytes(mac) + bytes(2)
    return notice(kind, body)


HOPS = {"10.0.0.1": {OTHER}}


@pytest.mark.parametrize(
    ("data", "concerned"),
    [
        (neighbour("10.0.0.1", OWN), True),
        (neighbour("10.0.0.1", OTHER), False),
        (neighbour("10.0.0.9", OWN), False),
        (neighbour("10.0.0.1", ""), False),
        (neighbour("10.0.0.1", OWN, kind=29), False),
        (neighbour("10.0.0.9", OWN) + notice(16, bytes(16)), True),
        (notice(24, bytes(12)), True),
        (b"", False),
        (b"\0" * 40, False),
        (neighbour("10.0.0.1", OWN)[:30], False),
    ],
    ids=[
        "new-mac", "same-mac", "stranger", "no-mac", "gone", "link", "route",
        "nothing", "zeros", "cut",
    ],
)  # fmt: skip
def test_a_busy_network_wakes_us_only_for_what_is_ours(
    data: bytes, concerned: bool
) -> None:
    assert requires_check(data, HOPS) is concerned


def test_rest_grows_while_nothing_is_found() -> None:
    rest = Backoff()

    waits = [rest.after(repaired=False) for _ in range(8)]
    assert waits == [1, 2, 4, 8, 16, 32, 32, 32]
    assert rest.after(repaired=True) == BACKOFF_S
    rest.after(repaired=False)
    rest.reset()
    assert rest.after(repaired=False) == BACKOFF_S
    assert max(waits) == BACKOFF_MAX_S


# --- ip -json -----------------------------------------------------------------------


def test_links_know_their_master_and_what_they_stand_on() -> None:
    text = """[
     {"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"link_type":"loopback"},
     {"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether",
      "address":"52:54:00:12:34:56","master":"bond0"},{},
     {"ifindex":3,"ifname":"bond0","flags":["UP"],"link_type":"ether",
      "linkinfo":{"info_kind":"bond"}},
     {"ifindex":4,"ifname":"bond0.7","link":"bond0","flags":[],"link_type":"ether",
      "linkinfo":{"info_kind":"vlan"}},
     {"ifindex":5,"link":"if9","ifname":"v0","flags":["UP"],"link_type":"ether",
      "linkinfo":{"info_kind":"veth"}}]"""

    links = parse_links(text)

    assert not links["lo"].ethernet
    assert links["eth0"] == Link("eth0", 2, OWN, master="bond0")
    assert links["bond0"].lower == ("eth0",)
    assert (links["bond0.7"].lower, links["bond0.7"].up) == (("bond0",), False)
    assert links["v0"].lower == ()


@pytest.mark.parametrize(
    "text", ["", "[]", "[{}]", "rubbish", '[{"type":"blackhole"}]']
)
def test_no_route_is_none(text: str) -> None:
    assert parse_route(text) is None


def test_only_an_entry_that_was_true_once_is_believed() -> None:
    row = '[{"dst":"10.0.0.1","lladdr":"02:00:00:00:00:01","state":["%s"]}]'

    assert parse_neighbour(row % "STALE") == OTHER
    assert parse_neighbour(row % "FAILED") == ""
    assert parse_neighbour('[{"dst":"10.0.0.1","state":["INCOMPLETE"]}]') == ""


def test_the_parameter_of_several_targets() -> None:
    first = Target(
        "a", True, "eth0", 6665, 6666, "10.0.0.2", "10.0.0.1", OTHER, True, True
    )
    second = Target("b", True, "eth0", 6665, 514, "fd00::2", "fd00::1", OTHER, False)

    assert parameter([first, second]) == (
        "+r6665@10.0.0.2/eth0,6666@10.0.0.1/02:00:00:00:00:01;"
        "6665@fd00::2/eth0,514@fd00::1/02:00:00:00:00:01"
    )
    assert "/02:0a,6666" in parameter([first], device="02:0a")
