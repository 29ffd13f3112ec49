"""Rules of nftables; tests/integration compares them with what the kernel does."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from omprog_panic.firewall.nft_rules import (
    ChainName,
    RulesetError,
    parse_ruleset,
    rule_text,
)
from omprog_panic.firewall.passage import UNDECIDED, Datagram, Verdict

INPUT = ChainName("inet", "filter", "input")
DATAGRAM = Datagram(ipaddress.ip_address("10.0.0.2"), 6665, 6666, None, "eth0")
YES, NO, MAYBE = {Verdict.DROP}, {Verdict.ACCEPT}, set(UNDECIDED)


def chain(name: str = "input", **more: object) -> dict[str, Any]:
    found = {"family": "inet", "table": "filter", "name": name, **more}
    return {"chain": found}


def rule(*expressions: object, of: str = "input") -> dict[str, Any]:
    found = {"family": "inet", "table": "filter", "chain": of, "expr": expressions}
    return {"rule": found}


def match(left: object, right: object, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


TEN = {"prefix": {"addr": "10.0.0.0", "len": 8}}
BASE: dict[str, Any] = {"hook": "input", "prio": 0}
STATE = {"ct": {"key": "state"}}
OVER = {"limit": {"rate": 5, "per": "second", "inv": True}}
DPORT = payload("udp", "dport")


def verdicts(*entries: object, policy: str = "accept") -> set[Verdict]:
    base = chain(type="filter", policy=policy, **BASE)
    named = {"set": {"family": "inet", "table": "filter", "name": "s", "elem": [6666]}}
    text = json.dumps({"nftables": [base, named, *entries]})
    return set(parse_ruleset(text).evaluate(INPUT, DATAGRAM).verdicts)


@pytest.mark.parametrize(
    ("condition", "drops"),
    [
        (match(payload("ip", "saddr"), "10.0.0.2"), YES),
        (match(payload("ip", "saddr"), "10.0.0.2", "!="), NO),
        (
            match(payload("ip", "saddr"), {"prefix": {"addr": "10.0.0.0", "len": 8}}),
            YES,
        ),
        (match(payload("ip", "saddr"), {"range": ["10.0.0.3", "10.0.0.9"]}), NO),
        (match(payload("ip6", "saddr"), "2001:db8::1"), NO),
        (match(payload("ip", "daddr"), "10.0.0.1"), MAYBE),
        (match(payload("tcp", "dport"), 22), NO),
        (match(DPORT, 6666), YES),
        (match(DPORT, {"set": [514, {"range": [6000, 7000]}]}), YES),
        (match(DPORT, "@s"), YES),
        (match(DPORT, "@absent"), MAYBE),
        (match(DPORT, {"set": [{"elem": {"val": 6666, "counter": {}}}]}), YES),
        (match(meta("l4proto"), {"set": ["tcp", "udp"]}), YES),
        (match(meta("nfproto"), "ipv6"), NO),
        (match(meta("iifname"), "lo"), NO),
        (match(meta("iifname"), "eth*"), YES),
        (match(meta("mark"), 7), NO),
        (match({"&": [meta("mark"), 0x8000]}, 0x8000), NO),
        (match({"&": [payload("ip", "frag-off"), 8191]}, 0, "!="), NO),
        (match({"&": [payload("ip", "length"), 7]}, 0, "!="), MAYBE),
        (match(payload("ether", "type"), "ip"), YES),
        (match(meta("pkttype"), "broadcast"), MAYBE),
        (match({"concat": [payload("ip", "saddr"), DPORT]}, "@absent"), MAYBE),
        (
            match(
                {"concat": [payload("ip", "saddr"), DPORT]},
                {"set": [{"concat": ["10.0.0.2", 514]}]},
            ),
            NO,
        ),
        (
            match(
                {"concat": [payload("ip", "saddr"), DPORT]},
                {"set": [{"elem": {"val": {"concat": ["10.0.0.2", 6666]}}}]},
            ),
            YES,
        ),
        (match(STATE, ["established", "related"], "in"), NO),
        (match(STATE, "new", "in"), YES),
        # As firewalld writes them.
        (match({"ct": {"key": "status"}}, "dnat", "in"), NO),
        (match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False), NO),
        (match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"), YES),
        (match({"ct": {"key": "mark"}}, 7), NO),
        (match({"ct": {"key": "direction"}}, "original"), YES),
        (match(STATE, {"|": ["established", "new"]}), MAYBE),
        ({"ct count": {"val": 20, "inv": True}}, NO),
        ({"quota": {"val": 9, "val_unit": "mbytes", "inv": True}}, MAYBE),
        ({"set": {"op": "add", "elem": "x", "set": "@s"}}, YES),
        ({"set": {"op": "add", "set": "@s", "stmt": [OVER]}}, NO),
        ({"meter": {"name": "m", "key": "x", "stmt": OVER}}, NO),
        ({"set": {"op": "add", "set": "@s", "stmt": [{"x": None}]}}, MAYBE),
        ({"limit": {"rate": 5, "per": "second"}}, YES),
        ({"limit": {"rate": 5, "per": "second", "inv": True}}, NO),
        ({"xt": {"type": "match", "name": "hashlimit"}}, MAYBE),
        ({"counter": {"packets": 0, "bytes": 0}}, YES),
    ],
)
def test_each_condition_is_understood_or_unknown(
    condition: dict[str, Any], drops: set[Verdict]
) -> None:
    assert verdicts(rule(condition, {"drop": None})) == drops


def test_jumps_gotos_and_returns_are_followed() -> None:
    inner = (chain("a"), rule({"return": None}, of="a"))
    accept = rule({"accept": None})

    jump = rule({"jump": {"target": "a"}})
    assert verdicts(*inner, jump, accept, policy="drop") == NO
    goto = rule({"goto": {"target": "a"}})
    assert verdicts(*inner, goto, accept, policy="drop") == YES
    assert verdicts(rule({"jump": {"target": "absent"}})) == MAYBE


def test_a_verdict_map_is_looked_up() -> None:
    def mapped(*pairs: list[object]) -> set[Verdict]:
        data = {"set": list(pairs)}
        return verdicts(rule({"vmap": {"key": STATE, "data": data}}))

    assert mapped(["established", {"accept": None}], ["new", {"drop": None}]) == YES
    assert mapped(["invalid", {"drop": None}]) == NO


def test_only_chains_of_the_family_and_of_hooks_on_the_way_are_passed() -> None:
    entries = [
        chain(**BASE),
        chain("out", hook="output", prio=0),
        chain("early", hook="prerouting", prio=-300),
        {"chain": {"family": "ip6", "table": "x", "name": "y", **BASE}},
        chain("jumped"),
    ]
    ruleset = parse_ruleset(json.dumps({"nftables": entries}))

    assert [name.chain for name in ruleset.base_chains(4)] == ["early", "input"]
    assert [name.chain for name in ruleset.base_chains(6)] == ["early", "input", "y"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nftables": [{"chain": {}}]}'])
def test_what_is_no_ruleset_is_an_error(text: str) -> None:
    with pytest.raises(RulesetError):
        parse_ruleset(text)


def test_a_rule_is_shown_much_as_nft_prints_it() -> None:
    expressions = [
        match(payload("ip", "saddr"), TEN, "!="),
        match(DPORT, {"set": [514, {"range": [6000, 7000]}]}),
        {"jump": {"target": "a"}},
    ]

    assert rule_text(expressions) == (
        "ip saddr != 10.0.0.0/8 udp dport { 514, 6000-7000 } jump a"
    )


def test_the_wildcard_of_a_map_is_for_what_no_element_names() -> None:
    def mapped(*elements: object) -> set[Verdict]:
        value = {"key": DPORT, "data": {"set": list(elements)}}
        return verdicts(rule({"vmap": value}))

    assert mapped(["*", {"drop": None}], [6666, {"accept": None}]) == NO
    assert mapped(["*", {"drop": None}], [514, {"accept": None}]) == YES
    unclear = {"&": [1, 2]}
    assert mapped(["*", {"drop": None}], [unclear, {"accept": None}]) == MAYBE
