"""What a silence covers, judged by what it matches."""

from __future__ import annotations

import pytest

from omprog_panic.config.routing import parse_match
from omprog_panic.config.senders import ListedSender
from omprog_panic.config.vocabulary import KINDS
from omprog_panic.policy.coverage import (
    known_senders,
    matches_everything,
    matches_no_sender,
)
from omprog_panic.policy.state.memory import Memory
from omprog_panic.policy.state.sender import SenderState

LISTED = [
    ListedSender.from_json({"name": "db-07", "address": ["10.0.0.2", "fd00::2"]}),
    ListedSender.from_json({"name": "rack-3", "address": "10.3.0.0/24"}),
]
MEMORY = Memory()
MEMORY.senders.put("10.3.0.5", SenderState("10.3.0.5", host="web-05"))
KNOWN = known_senders(LISTED, MEMORY)


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"host": ["!"]},
        {"host": ["*"]},
        {"host": ["?*", "!nosuch"]},
        {"host": ["0.0.0.0/0", "::/0"]},
        {"host": ["*.*", "*:*"]},
        {"severity": ["panic", "oops", "lockup", "hardware"]},
        {"severity": ["[a-z]*"]},
        {"kind": KINDS},
        {"title": ["*"], "kernel": ["*"], "function": ["*"], "host": ["*"]},
        {"title": ["[!A-Z]*", "[A-Z]*"]},
    ],
)
def test_everything_is_everything_however_it_is_written(
    match: dict[str, list[str]],
) -> None:
    assert matches_everything(parse_match(dict(match)), KNOWN)


@pytest.mark.parametrize(
    "match",
    [
        {"host": ["db-*"]},
        {"host": ["!db-07"]},
        {"host": ["10.0.0.0/8"]},
        {"severity": ["panic"]},
        {"severity": ["!panic"]},
        {"kind": ["panic"]},
        {"title": ["!sysrq*"]},
        {"function": ["?*"]},
        {"kernel": ["6.*"]},
        {"host": ["*"], "kernel": ["6.12.*"]},
    ],
)
def test_what_leaves_something_out_is_not_everything(
    match: dict[str, list[str]],
) -> None:
    assert not matches_everything(parse_match(dict(match)), KNOWN)


@pytest.mark.parametrize(
    ("address", "network", "expected"),
    [
        ("10.0.0.9", "0.0.0.0/0", True),
        ("fd00::9", "0.0.0.0/0", False),
        ("fd00::9", "::/0", True),
        ("10.0.0.9", "::/0", False),
    ],
)
def test_a_network_of_all_addresses_is_everything_where_there_are_no_others(
    address: str, network: str, *, expected: bool
) -> None:
    listed = [ListedSender.from_json({"name": "a", "address": address})]
    known = known_senders(listed, Memory())

    assert matches_everything(parse_match({"host": network}), known) is expected


@pytest.mark.parametrize(
    "pattern", ["db-07", "fd00::2", "10.0.0.2", "rack-3", "web-*", "10.3.0.99", "!x"]
)
def test_a_sender_that_is_listed_or_was_heard_is_known(pattern: str) -> None:
    assert not matches_no_sender(parse_match({"host": pattern}), KNOWN, LISTED)


@pytest.mark.parametrize("pattern", ["nosuch", "db-7", "10.4.0.1", "192.0.2.0/24"])
def test_a_pattern_that_matches_no_sender_is_found(pattern: str) -> None:
    assert matches_no_sender(parse_match({"host": pattern}), KNOWN, LISTED)


def test_without_patterns_for_hosts_nobody_is_missed() -> None:
    assert not matches_no_sender(parse_match({"severity": "panic"}), [], [])
