from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.errors import MalformedRecordError
from omprog_panic.notification.boots import Back, BackHost
from omprog_panic.notification.codec import decode, encode
from omprog_panic.notification.fields import Fields
from omprog_panic.notification.incident import IncidentNotes
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import Notification

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize("kind", Kind)
def test_facts_without_content_survive_the_store(kind: Kind) -> None:
    notification = Notification("n", FORMATS[kind].facts())

    assert decode(encode(notification)) == notification


@pytest.mark.parametrize(
    "wrong", [{"hosts": 7}, {"hosts": [7]}, {"hosts": [{"down_s": True}]}]
)
def test_what_has_the_wrong_type_counts_as_missing(wrong: dict[str, object]) -> None:
    facts = FORMATS[Kind.BACK].decode(Fields(wrong))

    assert facts in (Back(), Back(hosts=(BackHost(),)))


@given(st.sampled_from(Kind), st.data())
def test_no_facts_can_lose_a_message(kind: Kind, data: st.DataObject) -> None:
    form = FORMATS[kind]
    names = sorted(form.encode(form.sample)) or ["x"]
    raw = data.draw(st.dictionaries(st.sampled_from(names), ANY_JSON))

    assert isinstance(form.decode(Fields(raw)), form.facts)


@given(ANY_JSON)
def test_what_is_no_notification_is_refused_and_nothing_else(raw: object) -> None:
    with pytest.raises(MalformedRecordError):
        decode(json.dumps(raw))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(MalformedRecordError, match="never-seen"):
        decode('{"kind": "never-seen", "id": "n"}')


def test_a_later_version_may_have_more_fields() -> None:
    raw = json.loads(encode(Notification("n", IncidentNotes())))
    raw |= {"version": 2, "more": [1]}
    raw["facts"]["more"] = {}

    assert decode(json.dumps(raw)) == Notification("n", IncidentNotes())
