from __future__ import annotations

from omprog_panic.notification.fields import Fields
from omprog_panic.notification.holder import (
    SAMPLE_HOLDER,
    Holder,
    decode_holder,
    encode_holder,
)


def test_nobody_stays_nobody() -> None:
    assert encode_holder(None) is None


def test_who_has_it_survives_the_file() -> None:
    stored = encode_holder(SAMPLE_HOLDER)

    assert decode_holder(Fields(stored)) == SAMPLE_HOLDER
    assert decode_holder(Fields({"author": "ada", "until": "soon"})) == Holder("ada")
