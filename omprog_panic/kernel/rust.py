"""Rust symbol names, as far as kernel traces have them. Pure.

Two manglings: the legacy one (``_ZN`` length-prefixed parts, the last a hash) and v0
(``_R``, RFC 2603). Of v0 the paths are read; generic arguments are left out, since a
title names a function and not an instance of it. What cannot be read stays as it is.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"_Z(\d{1,3})(?=[A-Za-z_])")
_HASH = re.compile(r"h[0-9a-f]{16}\Z")
_MAX_DEPTH = 32


class _UnreadableError(Exception):
    """Not a name this reader knows."""


def demangle(name: str) -> str:
    """Give the readable path of a mangled Rust name, without its hash.

    >>> demangle("_ZN4core9panicking5panic17h0123456789abcdefE")
    'core::panicking::panic'
    >>> demangle("_RNvNtCs1234_4core9panicking9panic_fmt")
    'core::panicking::panic_fmt'
    """
    try:
        if name.startswith("_ZN"):
            return _legacy(name[3:])
        if plain := _PLAIN.match(name):
            length = int(plain[1])
            return name[plain.end() : plain.end() + length] or name
        if name.startswith("_R"):
            return "::".join(_V0(name[2:]).path(0)) or name
    except (_UnreadableError, ValueError, IndexError):
        return name
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
        if len(part) != length:
            raise _UnreadableError
        parts.append(part)
        at = end + length
    if len(parts) > 1 and _HASH.match(parts[-1]):
        parts.pop()
    elif not parts or not parts[0].isidentifier():
        raise _UnreadableError
    return "::".join(parts)


class _V0:
    """A cursor over a v0 name; every method consumes what it reads."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def _next(self) -> str:
        char = self.text[self.at]
        self.at += 1
        return char

    def _base62(self) -> int:
        start = self.at
        self.at = self.text.index("_", start) + 1
        digits = self.text[start : self.at - 1]
        return int(digits, 36) if digits.isalnum() and digits.islower() else 0

    def _disambiguator(self) -> None:
        if self.text[self.at] == "s":
            self.at += 1
            self._base62()

    def _identifier(self) -> str:
        self._disambiguator()
        if self.text[self.at] == "u":
            self.at += 1
        start = self.at
        while self.text[self.at].isdigit():
            self.at += 1
        length = int(self.text[start : self.at])
        if self.text[self.at : self.at + 1] == "_":
            self.at += 1
        name = self.text[self.at : self.at + length]
        if len(name) != length:
            raise _UnreadableError
        self.at += length
        return name

    def path(self, depth: int) -> list[str]:
        """Read a path production; impl blocks give the path of their type."""
        if depth > _MAX_DEPTH:
            raise _UnreadableError
        tag = self._next()
        if tag == "C":
            return [self._identifier()]
        if tag == "N":
            self._next()  # the namespace: value, type, closure, shim
            parts = self.path(depth + 1)
            name = self._identifier()
            return [*parts, name] if name else parts
        if tag in "MX":
            self._disambiguator()
            self.path(depth + 1)  # where the impl block stands
            return self._type(depth + 1)
        if tag == "Y":
            return self._type(depth + 1)
        if tag == "I":
            return self.path(depth + 1)
        if tag == "B":
            return self._back(depth)
        raise _UnreadableError

    def _type(self, depth: int) -> list[str]:
        if self.text[self.at] in "CNMXYIB":
            return self.path(depth)
        raise _UnreadableError

    def _back(self, depth: int) -> list[str]:
        target = self._base62()
        here, self.at = self.at, target
        parts = self.path(depth + 1)
        self.at = here
        return parts
