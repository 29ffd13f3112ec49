"""The table of source files: where a function or module of Linux is from.

``functions.bin`` is written by tools/function_table.py. It is mapped into memory at the
first look-up, so a process that asks nothing of it does not read it; a look-up touches
a few pages. Format (numbers are little-endian):

    magic, 8 bytes; six numbers of 4 bytes: the sizes of the six parts that follow
    function buckets, function entries, module buckets, module entries, places, names

A name's key are the first 4 bytes of its BLAKE2s hash. Its first two bytes number a
bucket; buckets are the numbers (4 bytes) of their first entries; an entry is the rest
of the key and the number of a place (2 bytes each). A place is folder, file and owner:
three positions (4 bytes) of names, and a name is a byte of length and UTF-8.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = Path(__file__).with_name("functions.bin")

_MAGIC = b"opfunc1\n"
_HEADER = struct.Struct("<8s6I")
_BUCKET = struct.Struct("<2I")
_ENTRY = struct.Struct("<HH")
_PLACE = struct.Struct("<3I")
_BUCKETS = 1 << 16


class Place(NamedTuple):
    """Where code is from: ``path`` is a file, or a folder with a slash at its end.

    ``subsystem`` is a section of MAINTAINERS. Either may be empty: not known.
    """

    path: str
    subsystem: str


class FunctionTable:
    """The look-up in the bytes of a table."""

    def __init__(self, content: bytes | mmap.mmap) -> None:
        """Read the header.

        Raises:
            ValueError: it is no table of this version, or not complete.

        """
        if len(content) < _HEADER.size or content[: len(_MAGIC)] != _MAGIC:
            raise ValueError("not a table of functions of this version")
        _, *sizes = _HEADER.unpack_from(content)
        starts = [_HEADER.size]
        for size in sizes:
            starts.append(starts[-1] + size)
        if starts.pop() != len(content):
            raise ValueError("the table of functions is not complete")
        self._content = content
        self._functions, self._modules = (starts[0], starts[1]), (starts[2], starts[3])
        self._places, self._names = starts[4], starts[5]

    def of_function(self, name: str) -> Place | None:
        """Return where a function is defined; None: unknown, or in several places."""
        return self._find(self._functions, name)

    def of_module(self, name: str) -> Place | None:
        """Return the folder that a module of Linux is built in; None: not of Linux."""
        return self._find(self._modules, name.replace("-", "_"))

    def _find(self, part: tuple[int, int], name: str) -> Place | None:
        buckets, entries = part
        bucket, rest = _key(name)
        first, end = _BUCKET.unpack_from(self._content, buckets + 4 * bucket)
        for at in range(entries + 4 * first, entries + 4 * end, 4):
            key, place = _ENTRY.unpack_from(self._content, at)
            if key == rest:
                return self._place(place)
        return None

    def _place(self, number: int) -> Place:
        at = self._places + _PLACE.size * number
        folder, file, owner = map(self._name, _PLACE.unpack_from(self._content, at))
        return Place(f"{folder}{file}", owner)

    def _name(self, at: int) -> str:
        begin = self._names + at + 1
        return self._content[begin : begin + self._content[begin - 1]].decode()


def _key(name: str) -> tuple[int, int]:
    key = hashlib.blake2s(name.encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(key[:2], "little"), int.from_bytes(key[2:], "little")


_tables: dict[Path, FunctionTable] = {}


def function_table(path: Path = TABLE) -> FunctionTable:
    """Return the shipped table, mapped into memory once."""
    if path not in _tables:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        _tables[path] = FunctionTable(mapped)
    return _tables[path]


def encode(functions: Mapping[str, Place], modules: Mapping[str, Place]) -> bytes:
    """Return the table of these places, the same bytes for the same places.

    Two names with one key are left out unless their places agree.
    """
    places = sorted({*functions.values(), *modules.values()})
    numbers = {place: number for number, place in enumerate(places)}
    if len(places) >= _BUCKETS:
        raise ValueError("too many source files for this format")
    names, positions = bytearray(), {}
    rows = bytearray()
    for place in places:
        folder, slash, file = place.path.rpartition("/")
        row = (f"{folder}{slash}", file, place.subsystem)
        for name in row:
            if name not in positions:
                positions[name] = len(names)
                encoded = name.encode()
                names += bytes([len(encoded)]) + encoded
        rows += _PLACE.pack(*(positions[name] for name in row))
    indexes = (*_index(functions, numbers), *_index(modules, numbers))
    parts: list[bytes] = [*indexes, bytes(rows), bytes(names)]
    header = _HEADER.pack(_MAGIC, *map(len, parts))
    return header + b"".join(parts)


def _index(
    places: Mapping[str, Place], numbers: Mapping[Place, int]
) -> tuple[bytes, bytes]:
    """Return the buckets and the entries of a part of the table."""
    known: dict[tuple[int, int], set[int]] = {}
    for name, place in places.items():
        known.setdefault(_key(name), set()).add(numbers[place])
    entries, firsts, bucket = bytearray(), [0], 0
    for (number, rest), found in sorted(known.items()):
        while bucket < number:
            bucket += 1
            firsts.append(len(entries) // 4)
        if len(found) == 1:
            entries += _ENTRY.pack(rest, *found)
    firsts += [len(entries) // 4] * (_BUCKETS + 1 - len(firsts))
    return struct.pack(f"<{_BUCKETS + 1}I", *firsts), bytes(entries)
