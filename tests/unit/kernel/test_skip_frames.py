"""Patterns of names; that each matches a real function is a test of tests/corpus."""

from __future__ import annotations

import pytest

from omprog_panic.kernel.skip_frames import FREEING, is_skipped, names_pattern


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("sha#_*", "sha256_final", True),
        ("sha#_*", "shash_final", False),
        ("str?cpy", "__strncpy", True),
        ("kfree", "kfree_skb", False),
    ],
)
def test_a_pattern_matches_whole_names(
    pattern: str, name: str, *, matches: bool
) -> None:
    assert bool(names_pattern([pattern]).match(name)) is matches


def test_a_category_of_a_kind_adds_to_the_general_ones() -> None:
    assert not is_skipped("free_acme_pages")
    assert is_skipped("free_acme_pages", FREEING)
