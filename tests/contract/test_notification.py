"""Stored notifications: the field names in the file never change with the code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from omprog_panic.notification.codec import decode, encode
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.notification.notification import Labels, Notification, Recipient

EXAMPLES = Path(__file__).parent / "notification-v1"


def example(kind: Kind) -> Notification:
    """The made-up notification that the file of a kind shows."""
    return Notification(
        id="00112233445566778899aabbccddeeff",
        facts=FORMATS[kind].sample,
        recipients=(Recipient("0123456789ab"), Recipient("ba9876543210", "short")),
        decision="NOTIFY_FIRST",
        reason="root: the first crash of its cause",
        incident_id="0123456789abcdef0123456789abcdef",
        cause="8b0c6a4f2e1d3c5b",
        order_key="192.0.2.1",
        labels=Labels(
            "panic",
            "panic",
            "db-07",
            "192.0.2.1",
            "db",
            "sysrq",
            "fn",
            "6.1.0",
            "SYSRQ",
        ),
        episode="0123456789abcdef0123456789abcdef",
    )


@pytest.mark.parametrize("kind", Kind)
def test_the_file_of_each_kind_is_what_is_written(kind: Kind) -> None:
    path = EXAMPLES / f"{kind.value}.json"
    written = json.dumps(json.loads(encode(example(kind))), indent=1) + "\n"
    if os.environ.get("OMPROG_PANIC_UPDATE_GOLDEN") and not path.exists():
        path.write_text(written)

    assert path.read_text() == written


@pytest.mark.parametrize("kind", Kind)
def test_the_file_of_each_kind_can_be_read(kind: Kind) -> None:
    assert decode((EXAMPLES / f"{kind.value}.json").read_text()) == example(kind)


def test_there_is_a_file_for_each_kind_and_no_other() -> None:
    assert {path.stem for path in EXAMPLES.iterdir()} == {kind.value for kind in Kind}
