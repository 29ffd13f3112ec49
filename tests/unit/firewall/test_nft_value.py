from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.firewall import nft_value
from omprog_panic.firewall.passage import Match

YES, NO, MAYBE = Match.YES, Match.NO, Match.MAYBE
ADDRESS = ipaddress.ip_address("10.0.0.2")


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("10.0.0.2", YES),
        ("10.0.0.3", NO),
        ({"prefix": {"addr": "10.0.0.0", "len": 8}}, YES),
        ({"prefix": {"addr": "192.0.2.0", "len": 24}}, NO),
        ({"range": ["10.0.0.1", "10.0.0.9"]}, YES),
        ({"range": ["10.0.0.3", "10.0.0.9"]}, NO),
        ({"of a newer nft": 1}, MAYBE),
    ],
)
def test_addresses(right: object, expected: Match) -> None:
    assert nft_value.fits_address(ADDRESS, right) is expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [(6666, YES), (53, NO), ({"range": [1, 7000]}, YES), ("ircd", MAYBE)],
)
def test_ports(right: object, expected: Match) -> None:
    assert nft_value.fits_port(6666, right) is expected


@pytest.mark.parametrize(
    ("interface", "right", "expected"),
    [
        ("eth0", "eth0", YES),
        ("eth0", "eth1", NO),
        ("eth0", "eth*", YES),
        (None, "eth0", MAYBE),
        (None, "lo", NO),
    ],
)
def test_interfaces(interface: str | None, right: str, expected: Match) -> None:
    assert nft_value.fits_interface(interface, right) is expected


def test_connections_and_routes() -> None:
    assert nft_value.fits_connection("state", "new") is YES
    assert nft_value.fits_connection("state", "established") is NO
    assert nft_value.fits_connection("state", ["new"]) is MAYBE
    assert nft_value.fits_connection("mark", "1") is MAYBE
    assert nft_value.fits_route("type", "local") is YES
    assert nft_value.fits_route("oif", False) is NO
    assert nft_value.fits_route("mark", "x") is MAYBE
    assert nft_value.fits_udp("17") is nft_value.fits_udp("udp") is YES
    assert nft_value.fits_udp("tcp") is NO
    assert nft_value.same_text("ip", "ip") is YES
