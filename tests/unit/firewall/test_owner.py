"""Which program manages the firewall."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.config.senders import ListedSender
from omprog_panic.firewall.nft_rules import ChainName
from omprog_panic.firewall.owner import find_owner, nft_owner
from omprog_panic.firewall.rules import admissions
from omprog_panic.host.fake import FakeMachine

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)
RACK = ListedSender(
    "rack", (ipaddress.ip_network("10.3.0.0/24"), ipaddress.ip_network("2001:db8::/64"))
)


def machine_of(owner: str) -> FakeMachine:
    machine = FakeMachine()
    enabled = "yes" if owner == "ufw" else "no"
    machine.write("/etc/ufw/ufw.conf", f"# x\nENABLED={enabled}\n")
    running = owner == "firewalld"
    machine.answer("firewall-cmd --state", 0 if running else 252)
    active = owner == "nftables"
    machine.answer("systemctl is-active nftables.service", 0 if active else 3)
    return machine


@pytest.mark.parametrize("name", ["ufw", "firewalld", "nftables"])
def test_the_owner_is_found_with_its_own_commands(name: str) -> None:
    owner = find_owner(machine_of(name))

    assert owner is not None
    assert owner.name == name
    if name == "nftables":
        chain = ChainName("inet", "filter", "input")
        owner = nft_owner([chain], owner.why)
    lines = "\n".join(owner.lines(admissions([DB07, RACK]), 6666))
    assert "10.0.0.2" in lines
    assert "2001:db8::/64" in lines
    assert "6666" in lines


def test_a_chain_of_one_family_gets_no_rule_of_the_other() -> None:
    owner = nft_owner([ChainName("ip6", "x", "y")], "")

    assert owner.lines(admissions([DB07, RACK]), 6666) == [
        "nft insert rule ip6 x y ip6 saddr 2001:db8::/64 udp dport 6666 accept"
    ]


def test_programs_that_are_off_or_missing_own_nothing() -> None:
    assert find_owner(machine_of("nobody")) is None
    assert find_owner(FakeMachine()) is None
