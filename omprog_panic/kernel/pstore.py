"""Put the parts of a pstore dump into their order. Pure.

fs/pstore/platform.c pstore_dump writes the newest part first, so that files read one
after the other give the end of the log before its beginning. Each part begins with a
header such as ``Panic#1 Part1``. Up to 3.4, and where a backend has little room, a part
ends inside a line: then no line feed stands before the next header.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_BYTES = 4 * 1024 * 1024
"""Bytes of one dump that are put in order; more of it is taken as it comes."""

_HEADER = re.compile(rb"([A-Z][a-z]{2,10}#\d{1,9}) Part(\d{1,6})\r?\n?\Z")
_GLUED = re.compile(rb"(?<=.)[A-Z][a-z]{2,10}#\d{1,9} Part\d{1,6}\r?\n?\Z")
_MAX_HEADER = 40  # bytes

Numbered = tuple[int, bytes]


def numbered(lines: Iterable[bytes]) -> Iterator[Numbered]:
    """Yield the lines with their numbers; those of a pstore dump oldest first."""
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        return iter(())
    every = enumerate(itertools.chain([first], rest), 1)
    return _in_order(every) if _HEADER.match(first) else every


def _in_order(lines: Iterator[Numbered]) -> Iterator[Numbered]:
    dump, size = b"", 0
    parts: list[tuple[int, list[Numbered]]] = []
    for number, raw in _with_own_lines(lines):
        header = _HEADER.match(raw)
        if header is not None:
            if header[1] != dump or size > MAX_BYTES:
                yield from _oldest_first(parts)
                parts, size = [], 0
            dump = header[1]
            parts.append((int(header[2]), []))
        size += len(raw)
        parts[-1][1].append((number, raw))
        if size > 2 * MAX_BYTES:
            yield from _oldest_first(parts)
            parts, size = [(parts[-1][0], [])], 0
    yield from _oldest_first(parts)


def _with_own_lines(lines: Iterator[Numbered]) -> Iterator[Numbered]:
    """Split headers off the lines that were cut before them."""
    for number, raw in lines:
        if b" Part" in raw[-_MAX_HEADER:] and (glued := _GLUED.search(raw)):
            yield number, raw[: glued.start()]
            yield number, raw[glued.start() :]
        else:
            yield number, raw


def _oldest_first(parts: list[tuple[int, list[Numbered]]]) -> Iterator[Numbered]:
    cut: Numbered | None = None  # the line that the next part continues
    for _, lines in sorted(parts, key=lambda part: -part[0]):
        if not lines:
            continue
        header, *rest = lines
        yield header
        if cut is not None:
            number, raw = cut
            continued = rest.pop(0)[1] if rest else b""
            yield number, raw + continued
        cut = rest.pop() if rest and not rest[-1][1].endswith(b"\n") else None
        yield from rest
    if cut is not None:
        yield cut
