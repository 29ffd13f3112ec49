"""Which target is right, or what stands in the way, on hosts of many kinds."""

from __future__ import annotations

from typing import Any

import pytest

from omprog_panic_client.facts import Facts
from omprog_panic_client.observe import observe
from omprog_panic_client.plan import Obstacle, Outcome, plan
from omprog_panic_client.settings import parse_settings
from tests.unit.client.machine import ETH0, ON_LINK, ROUTED, ROUTER, Machine


def facts(machine: Machine, text: str = "monitor=10.0.0.1") -> Facts:
    return observe(machine, parse_settings(text), {})


def one(machine: Machine, text: str = "monitor=10.0.0.1") -> Outcome:
    [outcome] = plan(parse_settings(text), facts(machine, text))
    return outcome


def obstacle(machine: Machine, text: str = "monitor=10.0.0.1") -> Obstacle:
    outcome = one(machine, text)
    assert isinstance(outcome, Obstacle)
    assert outcome.remedy
    return outcome


def route_of(outcome: Outcome) -> tuple[str, str, str, str]:
    assert not isinstance(outcome, Obstacle), outcome
    return (
        outcome.dev_name,
        outcome.local_ip,
        outcome.remote_ip,
        outcome.remote_mac,
    )


def link(name: str, **more: Any) -> dict[str, Any]:
    return {**ETH0, "ifname": name, **more}


def kind(name: str, info_kind: str, **more: Any) -> dict[str, Any]:
    return link(name, linkinfo={"info_kind": info_kind}, **more)


def by(device: str) -> dict[str, dict[str, object]]:
    return {"10.0.0.1": {**ON_LINK, "dev": device}}


def test_on_link_the_monitor_itself_is_asked() -> None:
    assert route_of(one(Machine())) == ("eth0", "10.0.0.2", "10.0.0.1", ROUTER)


def test_routed_the_gateway_is_asked() -> None:
    machine = Machine(wire={"10.0.0.254": ["02:00:00:00:00:fe"]})

    assert route_of(one(machine, "monitor=192.0.2.9")) == (
        "eth0",
        "10.0.0.2",
        "192.0.2.9",
        "02:00:00:00:00:fe",
    )


def test_an_ipv4_monitor_behind_an_ipv6_gateway() -> None:
    route: dict[str, object] = {
        **ON_LINK,
        "via": {"family": "inet6", "host": "fe80::1"},
    }
    machine = Machine(routes={"10.0.0.1": route}, wire={"fe80::1": [ROUTER]})

    assert route_of(one(machine))[3] == ROUTER


def test_ipv6_on_link_and_routed() -> None:
    near: dict[str, object] = {"dev": "eth0", "prefsrc": "fd00::2"}
    far = {**near, "dst": "2001:db8::1", "gateway": "fe80::1"}
    machine = Machine(
        routes={"fd00::9": near, "2001:db8::1": far},
        wire={"fd00::9": ["02:00:00:00:00:09"], "fe80::1": [ROUTER]},
    )

    assert route_of(one(machine, "monitor=fd00::9"))[1:] == (
        "fd00::2",
        "fd00::9",
        "02:00:00:00:00:09",
    )
    assert route_of(one(machine, "monitor=2001:db8::1"))[3] == ROUTER


def test_a_name_with_two_addresses_takes_the_one_with_a_route() -> None:
    machine = Machine(hosts={"mon": ["2001:db8::1", "10.0.0.1"]})

    assert route_of(one(machine, "monitor=mon"))[2] == "10.0.0.1"


@pytest.mark.parametrize(
    ("device", "links"),
    [
        ("eth0.7", [ETH0, kind("eth0.7", "vlan", link="eth0")]),
        ("bond0", [kind("bond0", "bond"), link("eth0", master="bond0")]),
        ("br0", [kind("br0", "bridge"), link("eth0", master="br0")]),
        ("mv0", [ETH0, kind("mv0", "macvlan", link="eth0")]),
    ],
    ids=["vlan", "bond", "bridge", "macvlan"],
)
def test_what_stands_on_cards_carries(device: str, links: list[dict[str, Any]]) -> None:
    assert route_of(one(Machine(links=links, routes=by(device))))[0] == device


@pytest.mark.parametrize(
    ("device", "links", "what"),
    [
        ("wg0", [kind("wg0", "wireguard", link_type="none")], "wg0 (wireguard)"),
        (
            "eth0",
            [kind("eth0", "veth", link="eth1")],
            "eth0 (one end of a virtual cable",
        ),
        (
            "br0",
            [kind("br0", "bridge"), kind("v0", "veth", master="br0")],
            "v0 below br0 (one end of a virtual cable",
        ),
        (
            "eth0",
            [link("eth0", master="br0"), kind("br0", "bridge")],
            "eth0 is a port of br0",
        ),
        (
            "eth0",
            [link("eth0", master="red"), kind("red", "vrf")],
            "eth0 is in the VRF red",
        ),
    ],
    ids=["tunnel", "veth", "bridge-with-a-veth", "enslaved", "vrf"],
)
def test_what_cannot_carry_is_told_with_a_remedy(
    device: str, links: list[dict[str, Any]], what: str
) -> None:
    assert what in obstacle(Machine(links=links, routes=by(device))).what


def test_an_enslaved_card_names_the_way_out() -> None:
    links = [link("eth0", master="br0"), kind("br0", "bridge")]
    machine = Machine(links=links, routes=by("eth0"))

    assert "interface=br0" in obstacle(machine, "monitor=10.0.0.1").remedy


@pytest.mark.parametrize(
    ("machine", "what"),
    [
        (Machine(routes={}), "there is no route to 10.0.0.1"),
        (Machine(wire={}), "the monitor 10.0.0.1 does not answer with its MAC address"),
        (
            Machine(routes={"10.0.0.1": {**ON_LINK, "type": "local", "dev": "lo"}}),
            "10.0.0.1 is this machine itself",
        ),
        (Machine(has_module=False), "kernel 6.1.0-56-cloud-amd64 has no netconsole"),
        (
            Machine(
                files={
                    "/lib/modules/6.1.0-56-cloud-amd64/modules.builtin": (
                        "kernel/drivers/net/netconsole.ko\n"
                    )
                }
            ),
            "netconsole is built into this kernel",
        ),
    ],
    ids=["no-route", "no-answer", "ourselves", "no-module", "builtin"],
)
def test_what_is_missing_is_told(machine: Machine, what: str) -> None:
    assert obstacle(machine).what.startswith(what)


def test_a_silent_gateway_is_called_the_next_hop() -> None:
    machine = Machine(routes={"192.0.2.9": dict(ROUTED)}, wire={})

    what = obstacle(machine, "monitor=192.0.2.9").what

    assert what == "the next hop 10.0.0.254 does not answer with its MAC address"


def test_an_unknown_name_is_told() -> None:
    assert obstacle(Machine(), "monitor=mon").what == "its name cannot be resolved"


def test_an_interface_that_does_not_lead_there() -> None:
    text = "monitor=10.0.0.1\ninterface=eth9"

    assert obstacle(Machine(), text).what.endswith("through eth9")
