"""Demangle Rust symbols as kernel traces print them. Pure.

Two manglings: the legacy one (``_ZN``, length-prefixed parts, the last a hash) and v0
(``_R``, RFC 2603). Generic arguments are dropped: a title names a function, not an
instance of it. A name that cannot be parsed stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = re.compile(r"_Z(\d{1,3})(?=[A-Za-z_])")  # C++: a function outside any class
_HASH = re.compile(r"h[0-9a-f]{16}\Z")
_ESCAPE = re.compile(r"\$(LT|GT|RF|BP|LP|RP|C|u[0-9a-f]{1,4})\$|\.\.")
_ESCAPED = {"LT": "<", "GT": ">", "RF": "&", "BP": "*", "LP": "(", "RP": ")", "C": ","}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASIC = {
    "a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8",
    "i": "isize", "j": "usize", "l": "i32", "m": "u32", "n": "i128", "o": "u128",
    "s": "i16", "t": "u16", "u": "()", "v": "...", "x": "i64", "y": "u64", "z": "!",
    "p": "_",
}  # fmt: skip
_MAX_DEPTH = 32
_MAX_NAME = 512


class _MangledNameError(Exception):
    """The name cannot be parsed."""


def demangle(name: str) -> str:
    """Return the readable path of a mangled Rust name, without its hash.

    >>> demangle("_ZN4core9panicking5panic17h0123456789abcdefE")
    'core::panicking::panic'
    >>> demangle("_RNvMNtCs9x_4acme4ringNtB2_4Ring4take")
    '<acme::ring::Ring>::take'
    """
    if len(name) > _MAX_NAME:
        return name
    try:
        if name.startswith("_ZN"):
            return _legacy(name[3:])
        if name.startswith("_R"):
            return _V0(name[2:]).path(0) or name
        if plain := _PLAIN.match(name):
            return name[plain.end() : plain.end() + int(plain[1])]
    except (_MangledNameError, ValueError, IndexError):
        pass
    return name


def _legacy(rest: str) -> str:
    parts: list[str] = []
    at = 0
    while rest[at] != "E":
        end = at
        while rest[end].isdigit():
            end += 1
        length = int(rest[at:end])
        part = rest[end : end + length]
        if len(part) != length or not part:
            raise _MangledNameError
        parts.append(part)
        at = end + length
    if len(parts) < 2 or not _HASH.match(parts.pop()):
        raise _MangledNameError  # C++ names have no hash
    return "::".join(_ESCAPE.sub(_unescape, _without_guard(part)) for part in parts)


def _without_guard(part: str) -> str:
    # An identifier may not begin with "$": an underscore is put before it.
    return part[1:] if part.startswith("_$") else part


def _unescape(match: re.Match[str]) -> str:
    word = match[1]
    if word is None:
        return "::"
    return _ESCAPED[word] if word in _ESCAPED else chr(int(word[1:], 16))


class _V0:
    """A cursor over a v0 name; every method consumes what it parses."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._steps = 0

    def _peek(self) -> str:
        return self._text[self._at]

    def _next(self) -> str:
        char = self._text[self._at]
        self._at += 1
        # Back references could otherwise make a short name take long.
        self._steps += 1
        if self._steps > 4 * _MAX_NAME:
            raise _MangledNameError
        return char

    def _base62(self) -> int:
        value = 0
        first = True
        while (char := self._next()) != "_":
            value = value * 62 + _DIGITS.index(char)
            first = False
        return 0 if first else value + 1

    def _disambiguator(self) -> None:
        if self._peek() == "s":
            self._next()
            self._base62()

    def _identifier(self) -> str:
        self._disambiguator()
        if self._peek() == "u":
            self._next()
        start = self._at
        while self._text[self._at : self._at + 1].isdigit():
            self._at += 1
        length = int(self._text[start : self._at])
        if self._text[self._at : self._at + 1] == "_":
            self._at += 1
        name = self._text[self._at : self._at + length]
        if len(name) != length:
            raise _MangledNameError
        self._at += length
        return name

    def path(self, depth: int) -> str:
        """Parse a path; impl blocks become ``<type>`` or ``<type as trait>``."""
        if depth > _MAX_DEPTH:
            raise _MangledNameError
        tag = self._next()
        if tag == "C":
            return self._identifier()
        if tag == "N":
            self._next()  # the namespace: value, type, closure, shim
            parent = self.path(depth + 1)
            name = self._identifier()
            return f"{parent}::{name}" if name else parent
        if tag in "MX":
            self._disambiguator()
            self.path(depth + 1)  # where the impl block stands
        if tag == "M":
            return f"<{self._type(depth + 1)}>"
        if tag in "XY":
            return f"<{self._type(depth + 1)} as {self.path(depth + 1)}>"
        if tag == "I":
            return self._instance(depth)
        if tag == "B":
            return self._back(depth, self.path)
        raise _MangledNameError

    def _instance(self, depth: int) -> str:
        name = self.path(depth + 1)
        while self._peek() != "E":
            self._argument(depth + 1)
        self._next()
        return name

    def _argument(self, depth: int) -> None:
        tag = self._peek()
        if tag == "L":
            self._next()
            self._base62()
        elif tag == "K":
            self._next()
            self._constant()
        else:
            self._type(depth)

    def _constant(self) -> None:
        if self._peek() == "p":
            self._next()
            return
        self._next()  # its type, a basic one
        while self._next() != "_":
            pass

    def _type(self, depth: int) -> str:
        tag = self._peek()
        if depth > _MAX_DEPTH:
            raise _MangledNameError
        if tag in "CNMXYI":
            return self.path(depth)
        self._next()
        if tag in _BASIC:
            return _BASIC[tag]
        if tag in "RQ":
            if self._peek() == "L":
                self._next()
                self._base62()
            return self._type(depth + 1)
        if tag in "PO":
            return self._type(depth + 1)
        return self._compound(tag, depth)

    def _compound(self, tag: str, depth: int) -> str:
        if tag == "B":
            return self._back(depth, self._type)
        if tag == "S":
            return self._type(depth + 1)
        if tag == "A":
            element = self._type(depth + 1)
            self._constant()
            return element
        if tag == "T":
            while self._peek() != "E":
                self._type(depth + 1)
            self._next()
            return "()"
        raise _MangledNameError

    def _back(self, depth: int, read: Callable[[int], str]) -> str:
        target = self._base62()
        here, self._at = self._at, target
        if target >= here:
            raise _MangledNameError
        result = read(depth + 1)
        self._at = here
        return result
