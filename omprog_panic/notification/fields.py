"""Tolerant reading of stored JSON objects. Pure.

A message that says less is better than none: what is missing has its default, and
what has the wrong type counts as missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")


class Fields:
    """The fields of one JSON object; anything else reads as an empty object."""

    def __init__(self, raw: object) -> None:
        self._raw: Mapping[str, object] = raw if isinstance(raw, dict) else {}

    def text(self, name: str, default: str = "") -> str:
        value = self._raw.get(name)
        return value if isinstance(value, str) else default

    def optional_text(self, name: str) -> str | None:
        value = self._raw.get(name)
        return value if isinstance(value, str) else None

    def integer(self, name: str, default: int = 0) -> int:
        value = self.optional_integer(name)
        return default if value is None else value

    def optional_integer(self, name: str) -> int | None:
        value = self._raw.get(name)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return value if is_number else None  # type: ignore[return-value]

    def number(self, name: str) -> float | None:
        value = self._raw.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        return None

    def flag(self, name: str) -> bool:
        return self._raw.get(name) is True

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(item for item in self._list(name) if isinstance(item, str))

    def items(self, name: str, decode: Callable[[Fields], _T]) -> tuple[_T, ...]:
        """Return the objects of a list; what is no object is left out."""
        objects = [item for item in self._list(name) if isinstance(item, dict)]
        return tuple(decode(Fields(item)) for item in objects)

    def inner(self, name: str) -> Fields:
        return Fields(self._raw.get(name))

    def optional(self, name: str, decode: Callable[[Fields], _T]) -> _T | None:
        """Return an object inside this one; None when there is none."""
        value = self._raw.get(name)
        return decode(Fields(value)) if isinstance(value, dict) else None

    def _list(self, name: str) -> list[object] | tuple[object, ...]:
        value = self._raw.get(name)
        return value if isinstance(value, list | tuple) else ()
