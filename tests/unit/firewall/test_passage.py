"""Three-valued logic of rules and chains."""

from __future__ import annotations

import ipaddress

import pytest

from omprog_panic.firewall.passage import (
    UNDECIDED,
    ChainOutcome,
    ChainWalk,
    Match,
    Passage,
    SourceIndex,
    Verdict,
    all_of,
    is_in,
    joined,
    negate,
)

YES, NO, MAYBE = Match.YES, Match.NO, Match.MAYBE
ACCEPT = ChainOutcome(frozenset({Verdict.ACCEPT}))
DROP = ChainOutcome(frozenset({Verdict.DROP}))
NOTHING = ChainOutcome(frozenset({Verdict.CONTINUE}))


def decided(*rules: tuple[Match, ChainOutcome]) -> ChainOutcome:
    """Return the outcome of a chain with policy accept."""
    walk = ChainWalk()
    for number, (match, outcome) in enumerate(rules):
        walk.add(match, outcome, f"rule {number}")
    return walk.outcome(Verdict.ACCEPT)


def test_a_condition_that_is_not_understood_stays_so_when_negated() -> None:
    assert [negate(match) for match in (YES, NO, MAYBE)] == [NO, YES, MAYBE]


def test_one_condition_that_does_not_hold_is_enough() -> None:
    assert all_of([]) is YES
    assert all_of([YES, MAYBE]) is MAYBE
    assert all_of([MAYBE, NO]) is NO


def test_the_first_rule_that_matches_decides() -> None:
    assert decided((NO, DROP), (YES, ACCEPT), (YES, DROP)) == ACCEPT
    assert decided((YES, NOTHING), (YES, DROP)).verdicts == {Verdict.DROP}
    assert decided().verdicts == {Verdict.ACCEPT}


def test_a_rule_that_may_match_leaves_both_outcomes() -> None:
    found = decided((MAYBE, DROP), (YES, ACCEPT))

    assert found.verdicts == UNDECIDED
    assert found.rule == "rule 0"
    assert decided((MAYBE, DROP), (YES, DROP)).verdicts == {Verdict.DROP}


def test_a_return_leads_to_the_policy() -> None:
    walk = ChainWalk()
    walk.stop(YES)
    walk.add(YES, ACCEPT, "never reached")

    assert walk.outcome(Verdict.DROP) == (DROP.verdicts, "policy drop")


def test_every_base_chain_has_to_accept() -> None:
    assert joined([("a", ACCEPT), ("b", ACCEPT)]) == Passage(passes=True)
    assert joined([("a", ACCEPT), ("b", DROP)]) == Passage(passes=False, where="b")
    unsure = ChainOutcome(UNDECIDED, "rule")
    assert joined([("a", unsure), ("b", ACCEPT)]) == Passage(None, "a: rule")
    assert joined([("a", unsure), ("b", DROP)]).passes is False


@pytest.mark.parametrize(
    ("address", "text", "match"),
    [
        ("10.0.0.2", "10.0.0.0/24", YES),
        ("10.0.0.2", "10.0.0.3", NO),
        ("10.0.0.2", "2001:db8::/32", NO),
        ("10.0.0.2", "db-07", MAYBE),
        (None, "10.0.0.2", MAYBE),
        (None, "0.0.0.0/0", YES),
    ],
)
def test_an_address_is_compared_with_a_network(
    address: str | None, text: str, match: Match
) -> None:
    source = None if address is None else ipaddress.ip_address(address)

    assert is_in(source, text) is match


HOSTS = (
    "10.0.0.1",
    None,
    "10.0.0.9/32",
    "10.0.0.0/24",
    "a-name",
    "fd00::1",
    "10.0.0.1",
)


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("10.0.0.1", [0, 1, 3, 4, 6]),
        ("10.0.0.2", [1, 3, 4]),
        ("10.0.0.8/31", [1, 2, 3, 4]),
        ("10.0.0.0/8", [0, 1, 2, 3, 4, 6]),
        ("fd00::1", [1, 3, 4, 5]),
    ],
)
def test_an_index_leaves_out_only_rules_for_other_hosts(
    source: str, numbers: list[int]
) -> None:
    wanted = (
        ipaddress.ip_network(source) if "/" in source else ipaddress.ip_address(source)
    )

    assert SourceIndex(HOSTS).candidates(wanted) == numbers


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("10.0.0.0/24", "10.0.0.0/8", Match.YES),
        ("10.0.0.0/24", "10.0.0.0/25", Match.MAYBE),
        ("10.0.0.0/24", "10.0.0.7", Match.MAYBE),
        ("10.0.0.0/24", "10.0.1.0/24", Match.NO),
        ("10.0.0.0/24", "::/0", Match.NO),
    ],
)
def test_a_network_may_be_partly_in_another(
    source: str, text: str, found: Match
) -> None:
    assert is_in(ipaddress.ip_network(source), text) is found
