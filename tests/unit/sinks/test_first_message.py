from __future__ import annotations

import pytest

from omprog_panic.sinks.first_message import (
    FirstMessage,
    decode_first_message,
    encode_first_message,
)


def test_what_is_written_is_read() -> None:
    message = FirstMessage("C01", "1.2", "text\udcff")

    assert decode_first_message(encode_first_message(message)) == message


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"channel": "C01"}', '{"id": 5}'])
def test_what_has_no_id_is_none(text: str) -> None:
    assert decode_first_message(text) is None
