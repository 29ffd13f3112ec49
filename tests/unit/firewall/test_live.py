"""The rules in force, evaluated for every listed sender."""

from __future__ import annotations

import ipaddress
import json

import pytest

from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.live import sender_passages
from omprog_panic.host.fake import FakeMachine


def machine_with(*rules: object) -> FakeMachine:
    """Return a machine with one chain of nft, which drops what no rule accepts."""
    chain = {"family": "inet", "table": "x", "name": "i", "hook": "input"}
    entries = [{"chain": {**chain, "prio": 0, "policy": "drop"}}]
    machine = FakeMachine()
    machine.answer(
        "nft -j list ruleset", stdout=json.dumps({"nftables": [*entries, *rules]})
    )
    return machine


def accept(source: object) -> dict[str, object]:
    left = {"payload": {"protocol": "ip", "field": "saddr"}}
    match = {"match": {"op": "==", "left": left, "right": source}}
    expressions = [match, {"accept": None}]
    return {"rule": {"family": "inet", "table": "x", "chain": "i", "expr": expressions}}


def senders(*networks: str) -> list[ListedSender]:
    return [ListedSender(text, (ipaddress.ip_network(text),)) for text in networks]


def test_the_last_of_many_senders_is_evaluated_like_the_first() -> None:
    hosts = [f"10.0.{n // 250}.{n % 250 + 1}" for n in range(1000)]
    machine = machine_with(*map(accept, hosts[:-1]))
    found = sender_passages(machine, senders(*hosts), 6666)

    assert [row.passage.passes for row in found] == [True] * 999 + [False]
    assert [line for line in machine.commands if line.startswith("ip ")] == [
        "ip -j -force -batch -"
    ]


def test_a_long_set_is_evaluated_for_each_sender() -> None:
    hosts = [f"10.0.0.{n}" for n in range(1, 101)]
    timed = {"elem": {"val": "10.0.1.1", "timeout": 60}}
    machine = machine_with(accept({"set": [*hosts, timed]}))
    listed = senders("10.0.0.1", "10.0.0.100", "10.0.0.101", "10.0.1.1")

    assert [row.passage.passes for row in sender_passages(machine, listed, 6666)] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("admitted", "passes", "address"),
    [
        ({"prefix": {"addr": "10.3.0.0", "len": 16}}, True, "10.3.0.1"),
        ({"prefix": {"addr": "10.3.0.0", "len": 25}}, False, "10.3.0.128"),
        ({"range": ["10.3.0.200", "10.3.0.255"]}, False, "10.3.0.1"),
        ("10.3.0.1", False, "10.3.0.128"),
        ({"prefix": {"addr": "10.4.0.0", "len": 24}}, False, "10.3.0.1"),
    ],
)
def test_a_network_passes_only_as_a_whole(
    admitted: object, passes: bool, address: str
) -> None:
    machine = machine_with(accept(admitted))
    (row,) = sender_passages(machine, senders("10.3.0.0/24"), 6666)

    assert (row.passage.passes, row.address) == (passes, address)


def test_a_hole_in_a_network_is_unknown_at_least() -> None:
    machine = machine_with(
        accept({"range": ["10.3.0.0", "10.3.0.9"]}),
        accept({"range": ["10.3.0.11", "10.3.0.255"]}),
    )
    (row,) = sender_passages(machine, senders("10.3.0.0/24"), 6666)

    assert row.passage.passes is None
    assert row.address == "10.3.0.0/24"
