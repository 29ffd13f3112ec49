"""The rules as text, against a small model of iptables."""

from __future__ import annotations

import ipaddress
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.owner import find_owner
from omprog_panic.firewall.rules import (
    CHAIN,
    NoSendersError,
    admissions,
    admits,
    chain_rules,
    jump,
    rules_file,
)
from omprog_panic.firewall.saved import in_front, parse, removal, transaction

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)
RACK = ListedSender(
    "rack", (ipaddress.ip_network("10.3.0.0/24"), ipaddress.ip_network("2001:db8::/64"))
)
HEAD = ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"

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


def test_counters_and_other_tables_are_passed_over() -> None:
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


class Answering:
    """A host that is files and answers."""

    def __init__(
        self, files: dict[str, str], answers: dict[str, tuple[int, str]]
    ) -> None:
        self.files, self.answers = files, answers

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def run(self, *argv: str) -> tuple[int, str] | None:
        return self.answers.get(" ".join(argv))


OWNERS = {
    "ufw": Answering({"/etc/ufw/ufw.conf": "# x\nENABLED=yes\n"}, {}),
    "firewalld": Answering({}, {"firewall-cmd --state": (0, "running")}),
    "nftables": Answering({}, {"systemctl is-active nftables.service": (0, "active")}),
}


@pytest.mark.parametrize("name", OWNERS)
def test_who_rules_the_firewall_is_known_and_told_what_to_do(name: str) -> None:
    owner = find_owner(OWNERS[name])

    assert owner is not None
    assert owner.name == name
    lines = "\n".join(owner.lines(admissions([DB07, RACK]), 6666))
    assert "10.0.0.2" in lines
    assert "2001:db8::/64" in lines
    assert "6666" in lines


def test_nobody_rules_where_ufw_is_off() -> None:
    off = Answering(
        {"/etc/ufw/ufw.conf": "ENABLED=no\n"},
        {
            "firewall-cmd --state": (252, "not running"),
            "systemctl is-active nftables.service": (3, "inactive"),
        },
    )

    assert find_owner(off) is None
