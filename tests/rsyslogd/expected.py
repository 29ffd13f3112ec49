"""What must come out, worked out from a capture without any code of the collector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chain.replay import Datagram

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
