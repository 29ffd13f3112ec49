"""The rules as text, against a small model of iptables."""

from __future__ import annotations

import ipaddress
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.rules import (
    CHAIN,
    NoSendersError,
    admissions,
    admits,
    chain_rules,
    rules_file,
)

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)
RACK = ListedSender(
    "rack", (ipaddress.ip_network("10.3.0.0/24"), ipaddress.ip_network("2001:db8::/64"))
)

addresses = st.integers(0, 255).map(lambda n: f"10.0.0.{n}") | st.sampled_from(
    ["10.3.0.9", "192.0.2.1", "2001:db8::7", "2001:db8:1::7"]
)
networks = st.builds(
    lambda n, length: ipaddress.ip_network(f"10.0.0.{n}/{length}", strict=False),
    st.integers(0, 255),
    st.integers(24, 32),
)
sender_lists = st.lists(
    st.builds(
        ListedSender,
        st.just("x"),
        st.lists(networks, min_size=1, max_size=3).map(tuple),
        st.none() | st.sampled_from([6665, 10002]),
    ),
    max_size=5,
)


def verdict(rules: list[str], address: str, source_port: int) -> str:
    """What iptables would say of a datagram that came in by eth0."""
    for rule in rules:
        words = shlex.split(rule)
        values = {w: words[i + 1] for i, w in enumerate(words[:-1]) if w[0] == "-"}
        if values.get("-i") == "lo":
            continue
        source = ipaddress.ip_address(address)
        if "-s" in values and source not in ipaddress.ip_network(values["-s"]):
            continue
        if "--sport" in values and int(values["--sport"]) != source_port:
            continue
        return values["-j"]
    return "RETURN"


@given(sender_lists, addresses, st.sampled_from([6665, 10002, 4000]))
def test_just_the_admitted_pass(
    senders: list[ListedSender], address: str, source_port: int
) -> None:
    admitted = admissions(senders)
    family = ipaddress.ip_address(address).version
    passes = admits(family, admitted, address, source_port)

    said = verdict(chain_rules(family, admitted), address, source_port)
    assert said == ("ACCEPT" if passes else "DROP")
    expected = any(
        ipaddress.ip_address(address) in network
        and sender.source_port in {None, source_port}
        for sender in senders
        for network in sender.networks
    )
    assert passes == expected


@given(st.permutations([DB07, RACK, ListedSender("x", DB07.networks, 6665)]))
def test_the_order_of_the_list_changes_nothing(senders: list[ListedSender]) -> None:
    assert admissions(senders) == admissions([RACK, DB07])


def test_no_drop_before_anybody_is_listed() -> None:
    with pytest.raises(NoSendersError):
        rules_file(4, (), 6666)


def test_a_family_without_senders_drops_all_of_it() -> None:
    rules = chain_rules(6, admissions([DB07]))

    assert rules == [f"-A {CHAIN} -i lo -j ACCEPT", f"-A {CHAIN} -j DROP"]
