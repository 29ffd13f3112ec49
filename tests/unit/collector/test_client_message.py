"""What a client says through /dev/kmsg, and what only looks like it."""

from __future__ import annotations

import pytest

from omprog_panic.collector.client_message import parse_client_message


def test_kind_and_values_are_read() -> None:
    message = parse_client_message("omprog-panic: alive host=db-07 boot=b1 next=900")

    assert message is not None
    assert message.kind == "alive"
    assert message.values == {"host": "db-07", "boot": "b1", "next": "900"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alive host=db-07",
        "omprog-panic:",
        "omprog-panic: ",
        "omprog-panic: repaired the target",
        "he said omprog-panic: alive",
    ],
)
def test_other_texts_are_no_messages(text: str) -> None:
    assert parse_client_message(text) is None


def test_values_are_bounded_and_the_first_of_a_key_counts() -> None:
    text = f"omprog-panic: alive host={'x' * 500} host=b \x07=c d=\x07 e"
    message = parse_client_message(text)

    assert message is not None
    assert message.values == {"host": "x" * 128, "\x07": "c"}


def test_further_lines_and_pairs_are_ignored() -> None:
    pairs = " ".join(f"k{n}=v" for n in range(30))
    message = parse_client_message(f"omprog-panic: drill {pairs}\nhost=b")

    assert message is not None
    assert list(message.values) == [f"k{n}" for n in range(16)]
