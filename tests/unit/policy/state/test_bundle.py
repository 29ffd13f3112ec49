"""Bundles in the memory."""

from __future__ import annotations

import json

import pytest

from omprog_panic.errors import MalformedRecordError
from omprog_panic.notification.kinds import Kind, kind_of
from omprog_panic.policy.state.bundle import (
    BUNDLED,
    BUNDLES,
    BundleState,
    facts_of,
)


@pytest.mark.parametrize("kind", BUNDLED)
def test_an_empty_bundle_of_each_kind_survives_the_store(kind: Kind) -> None:
    row = BundleState(kind, "ops", more=3)

    assert BUNDLES.from_text(BUNDLES.to_text(row)) == row


@pytest.mark.parametrize("kind", BUNDLED)
def test_the_facts_are_of_the_kind(kind: Kind) -> None:
    facts = facts_of(kind, (), 4)

    assert (kind_of(facts), facts.count) == (kind, 4)


def test_a_kind_that_a_later_version_knows_is_refused() -> None:
    raw = json.loads(BUNDLES.to_text(BundleState(Kind.BACK, "ops")))

    with pytest.raises(MalformedRecordError):
        BUNDLES.from_text(json.dumps({**raw, "kind": "of-the-future"}))
