"""What must come out, worked out from a capture without any code of the collector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.spool.record import IncidentRecord
    from tests.chain.replay import Datagram

CONTEXT = 200
_PREFIX = re.compile(r"^\[ *\d+\.\d{6}\] ", re.MULTILINE)
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


def kernel_text(payload: bytes) -> str:
    """The text that the kernel printed, of a whole record as netconsole sent it."""
    text = payload.decode().removesuffix("\n")
    if text.startswith("["):
        return _PREFIX.sub("", text)
    _, _, body = text.partition(";")
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), body.split("\n")[0])


def kernel_texts(datagrams: Iterable[Datagram]) -> list[str]:
    return [kernel_text(datagram.payload) for datagram in datagrams]


def onset_of(texts: list[str]) -> int:
    """Where the one panic of a capture begins."""
    (onset,) = [n for n, t in enumerate(texts) if t.startswith("Kernel panic - not")]
    return onset


def assert_whole(incident: IncidentRecord, datagrams: list[Datagram]) -> None:
    """Every record from the context to the last datagram, in order and unaltered."""
    texts = kernel_texts(datagrams)
    onset = onset_of(texts)
    assert [record.text for record in incident.records] == texts[onset - CONTEXT :]
    assert incident.context == CONTEXT
    assert incident.losses.total == 0
