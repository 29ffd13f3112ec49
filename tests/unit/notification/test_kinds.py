from __future__ import annotations

import typing

import pytest

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.format import MessageFacts
from omprog_panic.notification.kinds import FORMATS, Kind, kind_of


def test_each_kind_has_a_format() -> None:
    assert set(FORMATS) == set(Kind)
    # By name: slots=True makes a second class of each.
    known = {form.facts.__name__ for form in FORMATS.values()}
    assert known == {facts.__name__ for facts in MessageFacts.__subclasses__()}


@pytest.mark.parametrize("kind", Kind)
def test_facts_belong_to_one_kind(kind: Kind) -> None:
    assert kind_of(FORMATS[kind].sample) is kind


@pytest.mark.parametrize("kind", Kind)
def test_all_that_is_encoded_is_decoded(kind: Kind) -> None:
    form = FORMATS[kind]

    class Watched(dict[str, object]):
        read: typing.ClassVar[set[str]] = set()

        def get(self, name: str, default: object = None) -> object:
            Watched.read.add(name)
            return super().get(name, default)

    Watched.read.clear()
    encoded = form.encode(form.sample)
    assert form.decode(Fields(Watched(encoded))) == form.sample
    assert Watched.read == set(encoded)
