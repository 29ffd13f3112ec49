"""The files that config.yaml asks for, and how they differ from those that exist."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.apply.plan import (
    ALLOWED,
    FILTER,
    FIREWALL,
    Change,
    is_received_by_others,
    make_plan,
    wanted_files,
)
from omprog_panic.config.model import Receive, Reception
from omprog_panic.config.senders import ListedSender
from omprog_panic.rsyslog.dropin import ETC
from omprog_panic.rsyslog.host_config import RsyslogStatement

DB07 = ListedSender("db-07", (ipaddress.ip_network("10.0.0.2/32"),), 6665)
WIDE = ListedSender("all", (ipaddress.ip_network("10.0.0.0/8"),))


def files(*senders: ListedSender, **options: bool) -> dict[str, str | None]:
    settings = {"filtered": False, "firewall": False, **options}
    return wanted_files(Reception(senders, Receive("*", 6666)), **settings)


def test_every_file_is_there_without_firewall_and_filter() -> None:
    assert set(files(DB07)) == {
        f"{ETC}/rsyslog/address",
        f"{ETC}/rsyslog/port",
        f"{ETC}/rsyslog/senders.json",
        ALLOWED,
        FILTER,
    }
    assert files(DB07)[FILTER] is None, "to be deleted"


def test_a_large_network_is_allowed_without_a_row_a_host() -> None:
    wanted = files(WIDE)

    assert "10.0.0.0/8\n" in (wanted[ALLOWED] or "")
    assert '"table": []' in (wanted[f"{ETC}/rsyslog/senders.json"] or "")


def test_no_firewall_rules_without_senders() -> None:
    assert f"{FIREWALL}/rules.v4" in files(DB07, firewall=True)
    assert f"{FIREWALL}/rules.v4" not in files(firewall=True)


def test_only_what_differs_is_changed() -> None:
    here = {"/a": "1", "/b.json": '{"x": 1}', "/d": "old"}
    wanted = {"/a": "1", "/b.json": '{\n"x": 1\n}', "/c": "new", "/d": None, "/e": None}

    assert make_plan(wanted, here.get).changes == (
        Change("/c", None, "new"),
        Change("/d", "old", None),
    )


def test_only_address_port_and_filter_need_a_restart() -> None:
    here: dict[str, str] = {}

    assert make_plan({ALLOWED: "x"}, here.get).restarts is False
    assert make_plan({f"{ETC}/rsyslog/port": "514"}, here.get).restarts is True


@pytest.mark.parametrize(
    ("name", "values", "received"),
    [
        ("input", {"type": "imudp", "port": "514"}, True),
        ("input", {"type": "imudp"}, True),
        ("input", {"type": "imtcp", "port": "514"}, False),
        ("input", {"type": "imudp", "port": "6666"}, False),
        ("input", {"type": "imudp", "ruleset": "omprog_panic"}, False),
        ("input", {"type": "imudp", "config.enabled": "off"}, False),
        ("$udpserverrun", {"": "514"}, True),
    ],
)
def test_an_input_of_the_host_on_our_port_is_recognised(
    name: str,
    values: dict[str, str],
    received: bool,
) -> None:
    statement = RsyslogStatement(name, values, "/etc/rsyslog.conf", 1)

    assert is_received_by_others([statement], 514) is received
