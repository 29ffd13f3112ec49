"""Which matchers match which labels."""

from __future__ import annotations

import pytest

from omprog_panic.config.routing import parse_match
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.match import all_match, first_mismatch, label_value

PANIC = Labels(
    "panic",
    kind="oops",
    host="db-07",
    address="10.3.0.7",
    group="rack-3",
    title="BUG: kernel NULL pointer dereference in ext4_mark_inode_dirty",
    function="ext4_mark_inode_dirty",
    kernel="6.1.0-56-cloud-amd64",
)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"severity": "panic"}, True),
        ({"severity": ["oops", "panic"]}, True),
        ({"severity": "oops"}, False),
        ({"kind": "o*"}, True),
        ({"host": "db-*"}, True),
        ({"host": "DB-07"}, True),
        ({"host": "rack-3"}, True),
        ({"host": "10.3.0.0/24"}, True),
        ({"host": "10.3.0.7"}, True),
        ({"host": "10.4.0.0/24"}, False),
        ({"host": ["db-*", "!db-07"]}, False),
        ({"host": "!web-*"}, True),
        ({"host": ["10.0.0.0/8", "!rack-3"]}, False),
        ({"title": "*null pointer*"}, True),
        ({"function": "ext4_*"}, True),
        ({"function": "ext4"}, False),
        ({"kernel": "6.1.*"}, True),
        ({"kernel": "5.*"}, False),
        ({"severity": "panic", "kernel": "5.*"}, False),
        ({}, True),
    ],
    ids=str,
)
def test_a_match(match: dict[str, object], expected: bool) -> None:
    assert all_match(parse_match(match), PANIC) is expected


def test_an_address_pattern_matches_whatever_the_interface() -> None:
    match = parse_match({"host": "fe80::1%eth0"})

    assert all_match(match, Labels("panic", address="fe80::1%va"))
    assert not all_match(match, Labels("panic", address="fe80::2"))


def test_an_address_pattern_does_not_match_what_is_no_address() -> None:
    match = parse_match({"host": ["10.0.0.0/8"]})

    assert not all_match(match, Labels("panic", host="10.0.0.1", address="?"))


def test_the_first_matcher_that_does_not_match_is_named() -> None:
    match = parse_match({"severity": "panic", "kind": "bug", "title": "x"})

    mismatch = first_mismatch(match, PANIC)
    assert str(mismatch) == "kind=bug"
    assert label_value(PANIC, "kind") == "oops"
