"""Every way to write an address is the same address."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.address import (
    is_loopback,
    is_within,
    parse_address,
    parse_network,
    plain,
)

LINK_LOCAL = ["fe80::1", "fe80::1%eth0", "FE80::0:1%va", "fe80:0:0:0:0:0:0:1%2"]
MAPPED = ["10.0.0.2", "::ffff:10.0.0.2", "::FFFF:a00:2", "::ffff:10.0.0.2%eth0"]


@pytest.mark.parametrize("text", LINK_LOCAL)
def test_a_zone_and_the_spelling_make_no_difference(text: str) -> None:
    assert plain(text) == "fe80::1"
    assert parse_address(text) == ipaddress.ip_address("fe80::1")
    assert parse_network(text) == ipaddress.ip_network("fe80::1/128")
    assert is_within(text, ipaddress.ip_network("fe80::/64"))


@pytest.mark.parametrize("text", MAPPED)
def test_ipv4_in_ipv6_form_is_ipv4(text: str) -> None:
    assert plain(text) == "10.0.0.2"
    assert parse_network(text) == ipaddress.ip_network("10.0.0.2/32")
    assert is_within(text, ipaddress.ip_network("10.0.0.0/24"))


def test_networks_are_compared_in_the_same_form() -> None:
    assert parse_network("::ffff:10.0.0.0/120") == ipaddress.ip_network("10.0.0.0/24")
    assert parse_network("fe80::%eth0/64") == ipaddress.ip_network("fe80::/64")
    assert parse_network("::/0") == ipaddress.ip_network("::/0")
    with pytest.raises(ValueError, match="host bits"):
        parse_network("10.0.0.2/24")
    loose = parse_network("10.0.0.2/24", strict=False)
    assert loose == ipaddress.ip_network("10.0.0.0/24")


@pytest.mark.parametrize(
    "text", ["", "db-07", "10.0.0", "fe80::1%", "1.2.3.4%eth0", "::g"]
)
def test_what_is_no_address_belongs_nowhere(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of the standard library
        parse_address(text)
    assert plain(text) == text
    assert not is_within(text, ipaddress.ip_network("::/0"))
    assert not is_loopback(text)


def test_loopback_is_loopback_in_every_form() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "::1", "::ffff:127.0.0.1"]))
    assert not is_loopback("10.0.0.2")
