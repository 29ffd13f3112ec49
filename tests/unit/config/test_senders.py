from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.config.senders import ListedSender, SenderDirectory

DB = ListedSender.from_json({"name": "db-07", "address": "10.0.0.2"})
RACK = ListedSender.from_json({"name": "rack", "address": ["10.0.0.0/24", "fd00::1"]})
SHELF = ListedSender.from_json({"name": "shelf", "address": "10.0.0.128/25"})
DIRECTORY = SenderDirectory([RACK, DB, SHELF])


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "a", "address": "10.0.0.2"},
        {"name": "a", "address": ["10.0.0.0/8", "::1"], "source_port": 6665},
        {"name": "a", "address": "fd00::/8", "silent_after_s": 0},
        {"name": "a", "address": "203.0.113.7", "shared": True},
    ],
)
def test_an_entry_is_read_back_as_it_was_written(entry: dict[str, Any]) -> None:
    sender = ListedSender.from_json(entry)

    assert ListedSender.from_json(sender.to_json()) == sender


def test_an_entry_with_a_network_is_no_single_machine() -> None:
    assert DB.single == "10.0.0.2"
    assert RACK.single is SHELF.single is None


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("10.0.0.2", "db-07"),
        ("10.0.0.3", "rack"),
        ("10.0.0.200", "shelf"),
        ("fd00::1", "rack"),
        ("192.0.2.1", ""),
        ("no address", ""),
    ],
)
def test_an_address_belongs_to_the_most_specific_entry(
    address: str, group: str
) -> None:
    assert DIRECTORY.group_of(address) == group


def test_the_listed_name_is_used_only_for_single_machines() -> None:
    assert DIRECTORY.name_of("10.0.0.2", "own") == "db-07"
    assert DIRECTORY.name_of("10.0.0.3", "own") == "own"
    assert DIRECTORY.name_of("10.0.0.3", None) == "10.0.0.3"


def test_machines_that_share_an_address_go_by_their_own_names() -> None:
    raw = {"name": "office", "address": "203.0.113.7", "shared": True}
    entry = ListedSender.from_json(raw)
    directory = SenderDirectory([DB, entry])

    assert entry.single is None
    assert directory.name_of("203.0.113.7", "pc-1") == "pc-1"
    assert directory.name_of("203.0.113.7", "pc-2") == "pc-2"
    assert directory.name_of("203.0.113.7", None) == "203.0.113.7"
    assert directory.name_of("203.0.113.7", "db-07") == "self-named db-07"
    assert directory.group_of("203.0.113.7") == "office"


def test_a_machine_with_several_addresses_is_one_sender() -> None:
    entry = ListedSender.from_json({"name": "db", "address": ["fd00::2", "10.0.0.2"]})
    directory = SenderDirectory([entry])

    assert entry.single == "fd00::2"
    for address in ("fd00::2", "10.0.0.2", "::ffff:10.0.0.2"):
        assert directory.name_of(address, "own") == "db"
        assert directory.machine_of(address) == "fd00::2"
        assert directory.addresses_of(address) == ("fd00::2", "10.0.0.2")
    assert directory.machine_of("10.0.0.3") == "10.0.0.3"
    assert directory.addresses_of("10.0.0.3") == ("10.0.0.3",)


@pytest.mark.parametrize("name", ["db-07", "DB-07", "db-07.", "shelf", "10.0.0.2"])
def test_the_name_of_a_listed_sender_is_not_taken_from_another(name: str) -> None:
    assert DIRECTORY.name_of("10.0.0.3", name) == f"self-named {name}"
    assert DIRECTORY.name_of("192.0.2.1", name) == f"self-named {name}"


def test_a_machine_may_go_by_the_name_of_its_own_group() -> None:
    assert DIRECTORY.name_of("10.0.0.3", "rack") == "rack"
    assert DIRECTORY.name_of("10.0.0.3", "10.0.0.3") == "10.0.0.3"


@given(st.integers(0, 255))
def test_looking_up_and_searching_agree(host: int) -> None:
    """A directory without single hosts finds the same network entries."""
    address = f"10.0.0.{host}"
    expected = (
        "db-07" if host == 2 else SenderDirectory([RACK, SHELF]).group_of(address)
    )

    assert DIRECTORY.group_of(address) == expected


@pytest.mark.parametrize("listed", ["fe80::1", "fe80::1%eth0", "fe80:0::1"])
def test_a_link_local_sender_has_its_name_whatever_its_interface(listed: str) -> None:
    entry = ListedSender.from_json({"name": "db-07", "address": listed})
    directory = SenderDirectory([entry])

    assert entry.single == "fe80::1"
    assert directory.name_of("fe80::1%va", None) == "db-07"
    assert directory.group_of("fe80::1%va") == "db-07"
