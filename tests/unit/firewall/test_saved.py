"""The output of iptables-save, and the transactions made from it."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.rules import CHAIN, admissions, chain_rules, jump
from omprog_panic.firewall.saved import (
    IncompleteRulesError,
    in_front,
    parse,
    parse_tables,
    removal,
    transaction,
)

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)
HEAD = ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"


def saved_text(*rules: str, chains: str = "") -> str:
    return "*filter\n" + HEAD + chains + "\n".join(rules) + "\nCOMMIT\n"


def test_what_is_in_force_is_not_done_again() -> None:
    rules = chain_rules(4, admissions([DB07]))
    saved = parse(saved_text(jump(6666), *rules, chains=f":{CHAIN} - [0:0]\n"))

    assert transaction(saved, rules, jump(6666)) is None


def test_another_port_takes_the_old_jump_away() -> None:
    rules = chain_rules(4, admissions([DB07]))
    saved = parse(saved_text(jump(514), *rules, chains=f":{CHAIN} - [0:0]\n"))
    text = transaction(saved, rules, jump(6666))

    assert text is not None
    lines = text.splitlines()
    assert f"-D INPUT -p udp -m udp --dport 514 -j {CHAIN}" in lines
    assert f"-I INPUT 1 -p udp -m udp --dport 6666 -j {CHAIN}" in lines
    assert lines[0] == "*filter"
    assert lines[-1] == "COMMIT"


def test_a_removal_names_nothing_of_others() -> None:
    rules = chain_rules(4, admissions([DB07]))
    other = "-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd"
    chains = f":{CHAIN} - [0:0]\n:f2b-sshd - [0:0]\n"
    text = removal(parse(saved_text(jump(6666), other, *rules, chains=chains)))

    assert text is not None
    assert "f2b" not in text
    assert removal(parse(saved_text(other))) is None


def test_counters_and_other_tables_are_skipped() -> None:
    text = "*nat\n:PREROUTING ACCEPT [1:2]\n-A PREROUTING -j X\nCOMMIT\n" + saved_text(
        "[5:300] " + jump(6666), chains=f":{CHAIN} - [0:0]\n"
    )
    saved = parse(text)

    assert saved.jumps == [jump(6666)]
    assert "PREROUTING" not in saved.chains


IN_FRONT = {
    "-A INPUT -p udp -j DROP": True,
    "-A INPUT -j REJECT --reject-with icmp-port-unreachable": True,
    "-A INPUT -p udp -m udp --dport 6666 -j DROP": True,
    "-A INPUT -p udp -m multiport --dports 53,6000:7000 -j DROP": True,
    "-A INPUT -p udp -m udp --dport 514 -j DROP": False,
    "-A INPUT -p tcp -j DROP": False,
    "-A INPUT -i lo -j ACCEPT": False,
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT": False,
    "-A INPUT -m conntrack --ctstate INVALID,NEW -j DROP": True,
    "-A INPUT -j LOG": False,
    "-A INPUT -p udp -j mine": True,
    "-A INPUT -p udp -j harmless": False,
}


@pytest.mark.parametrize("rule", IN_FRONT)
def test_a_rule_in_front_of_ours_is_found(rule: str) -> None:
    chains = f":{CHAIN} - [0:0]\n:mine - [0:0]\n:harmless - [0:0]\n"
    inner = ("-A mine -p udp -j DROP", "-A harmless -p tcp -j DROP")
    saved = parse(
        saved_text(rule, jump(6666), "-A INPUT -j DROP", *inner, chains=chains)
    )

    assert in_front(saved, 6666) == ([rule] if IN_FRONT[rule] else [])


def test_tables_that_can_be_printed_are_read_beside_one_that_cannot() -> None:
    """As iptables-nft-save 1.8.9 prints it, with exit status 0."""
    head = "# Table `nat' is incompatible, use 'nft' tool."
    text = f"{head}\n*filter\n:INPUT DROP\nCOMMIT"

    assert list(parse_tables(text, some=True)) == ["filter"]
    with pytest.raises(IncompleteRulesError, match="`nat' is incompatible"):
        parse_tables(text)
