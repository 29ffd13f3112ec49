"""By which interface the datagrams of senders arrive."""

from __future__ import annotations

import ipaddress

from omprog_panic.firewall.arrival import Arrival, find_arrivals
from omprog_panic.host.fake import FakeMachine

ADDRESSES = [
    ipaddress.ip_address(text) for text in ("10.9.0.2", "10.8.0.3", "10.9.0.1")
]
OUTPUT = """\
[{"dst":"10.9.0.2","dev":"a0","prefsrc":"10.9.0.1","flags":[],"uid":0,"cache":[]}]
[{"type":"local","dst":"10.9.0.1","dev":"lo","prefsrc":"10.9.0.1","cache":["local"]}]
"""


def test_routes_are_told_apart_by_their_address() -> None:
    """ip prints nothing for an address without a route, and exits with 1."""
    machine = FakeMachine()
    machine.answer("ip -j -force -batch -", status=1, stdout=OUTPUT)
    own = ipaddress.ip_address("10.9.0.1")

    assert find_arrivals(machine, ADDRESSES) == {
        "10.9.0.2": Arrival("a0", own),
        "10.9.0.1": Arrival("lo", own),
    }


def test_without_the_program_nothing_is_known() -> None:
    assert find_arrivals(FakeMachine(), ADDRESSES) == {}


def test_output_that_is_not_understood_is_left_out() -> None:
    machine = FakeMachine()
    text = '[]\n{"dst": 1}\n[{"dev": "eth0"}]\n[{"dst": "10.9.0.2", "prefsrc": "x"}]\n?'
    machine.answer("ip -j -force -batch -", stdout=text)

    assert find_arrivals(machine, ADDRESSES) == {}
