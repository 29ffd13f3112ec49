from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.render.messages import (
    KINDS,
    BackHost,
    Digest,
    DigestCause,
    FollowUp,
    Known,
    Share,
    facts_of,
    notes_of,
)

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize("kind", KINDS)
def test_details_survive_the_store(kind: str) -> None:
    facts = KINDS[kind]()

    assert facts_of(kind, json.loads(json.dumps(dataclasses.asdict(facts)))) == facts


def test_nested_details_are_read() -> None:
    digest = Digest(
        since=1.5,
        until="2026-01-02T00:00:00+00:00",
        causes=(DigestCause("t", hosts=("a", "b"), known=Known("back", days=9)),),
    )

    assert facts_of("digest", json.loads(json.dumps(dataclasses.asdict(digest)))) == (
        digest
    )


def test_shares_may_come_as_pairs() -> None:
    facts = facts_of("follow-up", {"kernels": [["6.1.0", 41], ["?", 1]]})

    assert facts == FollowUp(kernels=(Share("6.1.0", 41), Share("?", 1)))


@pytest.mark.parametrize(
    "wrong", [{"hosts": 7}, {"hosts": [7]}, {"hosts": [{"down_s": True}]}]
)
def test_what_has_the_wrong_type_counts_as_missing(wrong: dict[str, object]) -> None:
    facts = dataclasses.asdict(facts_of("back", wrong))

    assert facts["hosts"] in ((), (dataclasses.asdict(BackHost()),))


def test_an_incident_may_have_notes() -> None:
    assert notes_of({}).known is None
    notes = notes_of({"drill": True, "known": {"word": "seen", "since": 3}})
    assert notes.drill
    assert notes.known == Known("seen", since=3)


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_no_details_can_lose_a_message(kind: str, data: st.DataObject) -> None:
    names = [f.name for f in dataclasses.fields(KINDS[kind])]
    details = data.draw(st.dictionaries(st.sampled_from(names), ANY_JSON))

    assert isinstance(facts_of(kind, details), KINDS[kind])
