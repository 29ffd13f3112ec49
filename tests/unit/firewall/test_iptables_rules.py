"""Rules of iptables; tests/integration compares them with what the kernel does."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.firewall.iptables_rules import evaluate
from omprog_panic.firewall.passage import UNDECIDED, Datagram, Verdict
from omprog_panic.firewall.saved import parse

DATAGRAM = Datagram(
    ipaddress.ip_address("10.0.0.2"),
    6665,
    6666,
    ipaddress.ip_address("10.0.0.1"),
    "eth0",
)
YES, NO, MAYBE = {Verdict.DROP}, {Verdict.ACCEPT}, set(UNDECIDED)


@pytest.mark.parametrize(
    ("rule", "drops"),
    [
        ("-p udp", YES),
        ("-p 17", YES),
        ("-p tcp", NO),
        ("-m tcp", NO),
        ("-s 10.0.0.0/30", YES),
        ("! -s 10.0.0.0/30", NO),
        ("-d 10.0.0.1", YES),
        ("-d 224.0.0.1", NO),
        ("-i eth0", YES),
        ("-i eth+", YES),
        ("-i lo", NO),
        ("-o eth0", NO),
        ("--sport 6665", YES),
        ("--dport 6000:7000", YES),
        ("--dport :1023", NO),
        ("--dport 1024:", YES),
        ("--dport syslog", MAYBE),
        ("-m multiport --dports 53,6666", YES),
        ("-m multiport --ports 53,6665", YES),
        ("-m conntrack --ctstate RELATED,ESTABLISHED", NO),
        ("-m conntrack --ctstate NEW", YES),
        ("-m state --state INVALID", NO),
        ("-m addrtype --dst-type LOCAL", YES),
        ("-m addrtype --dst-type BROADCAST", NO),
        ("-m limit --limit 3/min --limit-burst 10", YES),
        ("-m hashlimit --hashlimit-above 5/sec --hashlimit-name x", NO),
        ("-m comment --comment text", YES),
        ("-m mark --mark 0x1", NO),
        ("-m mark ! --mark 0x0/0xff", NO),
        ("-m connmark --mark 0x0", YES),
        ("-m mark --mark a", MAYBE),
        ("-m set --match-set blocked src", MAYBE),
        ("-m recent --rcheck --name x", MAYBE),
    ],
)
def test_each_condition_is_understood_or_unknown(
    rule: str, drops: set[Verdict]
) -> None:
    text = f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {rule} -j DROP\nCOMMIT\n"

    assert evaluate(parse(text), "INPUT", DATAGRAM).verdicts == drops


@pytest.mark.parametrize(
    ("target", "verdicts"),
    [
        ("-j ACCEPT", NO),
        ("-j REJECT --reject-with icmp-port-unreachable", YES),
        ("-j LOG --log-prefix x", YES),  # then the policy
        ("-j NFQUEUE --queue-num 1", MAYBE),
        ("-j inner", NO),
        ("-g inner", NO),
        ("-j empty", YES),
        ("-g empty", YES),
        ("-j RETURN", YES),
        ("", YES),
    ],
)
def test_each_target_is_followed(target: str, verdicts: set[Verdict]) -> None:
    text = (
        "*filter\n:INPUT DROP [0:0]\n:inner - [0:0]\n:empty - [0:0]\n"
        f"-A INPUT {target}\n-A inner -j ACCEPT\nCOMMIT\n"
    )

    assert evaluate(parse(text), "INPUT", DATAGRAM).verdicts == verdicts


def test_a_goto_does_not_come_back() -> None:
    text = (
        "*filter\n:INPUT DROP [0:0]\n:empty - [0:0]\n"
        "-A INPUT -g empty\n-A INPUT -j ACCEPT\nCOMMIT\n"
    )

    assert evaluate(parse(text), "INPUT", DATAGRAM).verdicts == {Verdict.DROP}
    jump = text.replace("-g empty", "-j empty")
    assert evaluate(parse(jump), "INPUT", DATAGRAM).verdicts == {Verdict.ACCEPT}


def test_chains_that_jump_in_a_circle_end() -> None:
    text = (
        "*filter\n:INPUT ACCEPT [0:0]\n:a - [0:0]\n-A INPUT -j a\n-A a -j a\nCOMMIT\n"
    )

    assert evaluate(parse(text), "INPUT", DATAGRAM).verdicts == UNDECIDED


def test_the_rule_that_drops_is_named() -> None:
    text = (
        "*filter\n:INPUT ACCEPT [0:0]\n:a - [0:0]\n"
        "-A INPUT -j a\n-A a -p udp -j DROP\nCOMMIT\n"
    )

    assert evaluate(parse(text), "INPUT", DATAGRAM).rule == (
        "-A INPUT -j a -> -A a -p udp -j DROP"
    )


MARKED = "-A INPUT -m mark --mark 0x8000/0x8000 -j DROP"


@pytest.mark.parametrize(
    ("rules", "drops"),
    [
        ("-A INPUT -p udp -j MARK --set-xmark 0x8000/0x8000", YES),
        ("-A INPUT -p tcp -j MARK --set-xmark 0x8000/0x8000", NO),
        (
            "-A INPUT -m recent --rcheck --name x -j MARK --set-xmark 0x8000/0x8000",
            MAYBE,
        ),
        ("-A INPUT -j MARK --set-xmark 0x0/0xff0000", NO),
        ("-A INPUT -j MARK --set-xmark 0xffff/0xffffffff", YES),
        ("-A INPUT -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", NO),
        ("-A INPUT -j HMARK --hmark-mod 7", MAYBE),
        ("-A INPUT -m recent --rcheck --name x -j a", MAYBE),
        ("-A INPUT -s 10.0.0.2 -j a", YES),
        ("-A INPUT -m recent --rcheck --name x -j ACCEPT\n-A INPUT -j a", MAYBE),
    ],
)
def test_marks_are_those_that_rules_set(rules: str, drops: set[Verdict]) -> None:
    """As kube-proxy and Calico use them."""
    chain = "-A a -j MARK --set-xmark 0x8000/0x8000"
    text = f"*filter\n:INPUT ACCEPT\n:a -\n{rules}\n{MARKED}\n{chain}\nCOMMIT\n"

    assert set(evaluate(parse(text), "INPUT", DATAGRAM).verdicts) == drops
