from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.config.addresses import (
    check_local_address,
    network_in_pattern,
    parse_listed,
)


@pytest.mark.parametrize("text", ["10.0.0.2", "10.0.0.0/24", "2001:db8::/64", "::1"])
def test_an_address_is_a_network_of_one(text: str) -> None:
    assert parse_listed(text) == ipaddress.ip_network(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("db-07", "is not an address: write for example 10.0.0.2"),
        ("10.0.0.7/24", "has host bits set: write 10.0.0.0/24"),
        ("", "is not an address"),
    ],
)
def test_what_is_no_network_is_refused_with_a_remedy(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_listed(text)


def test_a_local_address_is_an_address_or_a_star() -> None:
    for text in ("*", "10.0.0.1", "::"):
        check_local_address(text)
    with pytest.raises(ValueError, match="write an address of this machine"):
        check_local_address("10.0.0.0/24")


def test_a_pattern_may_have_host_bits_or_be_a_name() -> None:
    assert network_in_pattern("10.0.0.7/24") == ipaddress.ip_network("10.0.0.0/24")
    assert network_in_pattern("db-*") is None
