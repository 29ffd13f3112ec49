from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from omprog_panic.rsyslog import dropin

RULES = Path(__file__).parents[3] / "rsyslog.d"


def indexes(table: str) -> list[str]:
    return [row["index"] for row in json.loads(table)["table"]]


def test_a_fresh_installation_listens_on_loopback_for_nobody() -> None:
    files = dropin.value_files(dropin.Values())

    assert files["address"] == "127.0.0.1"
    assert files["port"] == "6666"
    assert files["load-imudp"] == files["load-omprog"] == files["listen"] == "on"
    assert indexes(files["senders.json"]) == []


def test_no_value_ends_in_a_line_feed() -> None:
    values = dropin.Values(load_omprog=False, senders=("10.0.0.2",))

    files = dropin.value_files(values)
    del files[dropin.SWITCH], files[dropin.SWITCH_514]
    assert all(not text.endswith("\n") for text in files.values())


def test_the_shipped_rules_read_exactly_the_files_that_are_written() -> None:
    names = ("omprog-panic.conf", "omprog-panic-514.conf", "zz-omprog-panic.conf")
    text = "".join((RULES / name).read_text() for name in names)
    read = set(re.findall(rf"{dropin.ETC}/rsyslog/([a-z0-9.-]+)[`\"]", text))

    assert read == set(dropin.value_files(dropin.Values()))


def test_a_network_is_written_out_host_by_host_and_nobody_twice() -> None:
    table = dropin.sender_table(["10.0.0.4/30", "10.0.0.5", "2001:db8::1"])

    assert indexes(table) == [
        "10.0.0.4",
        "10.0.0.5",
        "10.0.0.6",
        "10.0.0.7",
        "2001:db8::1",
    ]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(dropin.Values(port=0), id="port-zero"),
        pytest.param(dropin.Values(port=65536), id="port-too-high"),
        pytest.param(dropin.Values(address="monitor"), id="address-is-a-name"),
        pytest.param(dropin.Values(address='0" x="'), id="address-with-a-quote"),
        pytest.param(dropin.Values(senders=("db-07",)), id="sender-is-a-name"),
        pytest.param(dropin.Values(senders=("10.0.0.2/24",)), id="host-bits-set"),
        pytest.param(dropin.Values(senders=("10.0.0.0/8",)), id="network-too-large"),
        pytest.param(dropin.Values(senders=("2001:db8::/32",)), id="v6-too-large"),
    ],
)
def test_what_the_rules_cannot_take_is_refused(values: dropin.Values) -> None:
    with pytest.raises(dropin.DropInError):
        dropin.value_files(values)


def test_paths_are_exchanged_in_one_pass() -> None:
    text = f"{dropin.ETC}/a {dropin.STATE}/b {dropin.ETC}/c"

    moved = dropin.relocated(text, {dropin.ETC: dropin.STATE, dropin.STATE: "/x"})

    assert moved == f"{dropin.STATE}/a /x/b {dropin.STATE}/c"


def test_nothing_moved_leaves_the_shipped_text() -> None:
    assert dropin.relocated("as shipped", {}) == "as shipped"


@pytest.mark.parametrize("name", ["omprog-panic.conf", "omprog-panic-514.conf"])
def test_the_shipped_files_name_no_path_that_cannot_be_moved(name: str) -> None:
    text = (RULES / name).read_text()
    settings = [line for line in text.splitlines() if not line.startswith("#")]
    known = (dropin.ETC, dropin.STATE, dropin.LOG, dropin.COLLECTOR)

    paths = re.findall(r"(?<![A-Za-z0-9.])/[a-z][A-Za-z0-9_./-]+", "\n".join(settings))

    assert paths
    assert [path for path in paths if not path.startswith(known)] == []


@pytest.mark.parametrize(
    "moves",
    [
        pytest.param({"/etc/other": "/tmp/x"}, id="not-in-the-text"),
        pytest.param({dropin.ETC: "relative"}, id="relative"),
        pytest.param({dropin.ETC: "/with blank"}, id="blank"),
        pytest.param({dropin.ETC: '/with"quote'}, id="quote"),
    ],
)
def test_a_move_that_would_not_hold_is_refused(moves: dict[str, str]) -> None:
    with pytest.raises(dropin.DropInError):
        dropin.relocated(f'file="{dropin.ETC}/x"', moves)


def test_the_table_has_addresses_without_interface_and_ipv4_as_ipv4() -> None:
    table = dropin.sender_table(["fe80::1%eth0", "::ffff:10.0.0.2"])

    assert indexes(table) == ["10.0.0.2", "fe80::1"]


@pytest.mark.parametrize("name", ["omprog-panic.conf", "omprog-panic-514.conf"])
def test_the_shipped_rules_look_up_addresses_without_interface(name: str) -> None:
    rules = (Path(__file__).parents[3] / "rsyslog.d" / name).read_text("utf-8")
    asked = re.findall(r'lookup\("\w+", (.+)\) ==', rules)

    assert asked == ["field($fromhost-ip, 37, 1)"]
