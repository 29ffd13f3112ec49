from __future__ import annotations

from omprog_panic.notification.familiarity import (
    SAMPLE_FAMILIARITY,
    Familiarity,
    decode_familiarity,
    encode_familiarity,
)
from omprog_panic.notification.fields import Fields


def test_it_survives_the_store() -> None:
    stored = encode_familiarity(SAMPLE_FAMILIARITY)

    assert decode_familiarity(Fields(stored)) == SAMPLE_FAMILIARITY


def test_none_stays_none_and_nothing_is_made_up() -> None:
    assert encode_familiarity(None) is None
    assert decode_familiarity(Fields({"status": 1})) == Familiarity()
