"""Tables of the policy's memory, and how their rows are stored. Pure.

Rows are changed in place and then ``put`` again: that marks them for the store, which
writes only what has changed.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Generic, TypeVar

from omprog_panic.errors import MalformedRecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.policy.json_object import Json

_T = TypeVar("_T")
ONLY_ROW = "-"  # the key in tables with a single row


@dataclasses.dataclass(frozen=True)
class RowFormat(Generic[_T]):
    """How the rows of a table are stored.

    ``table`` and the field names in ``encode`` and ``decode`` are literals: no name in
    the code can change a file. ``version`` grows when ``decode`` has to tell versions
    apart; it is given the version of the stored row in "version".
    """

    table: str
    encode: Callable[[_T], Json]
    decode: Callable[[Json], _T]
    version: int = 1

    def to_text(self, row: _T) -> str:
        return json.dumps({"version": self.version, **self.encode(row)})

    def from_text(self, text: str) -> _T:
        """Parse a stored row.

        Raises:
            MalformedRecordError: it is something else, or of a later version.

        """
        try:
            raw = json.loads(text)
            if not 1 <= raw["version"] <= self.version:
                raise MalformedRecordError(f"unknown version {raw['version']}")
            return self.decode(raw)
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            RecursionError,
        ) as error:
            raise MalformedRecordError(f"not a row of {self.table}: {error}") from error


class Table(Generic[_T]):
    """Rows by key."""

    def __init__(self, form: RowFormat[_T]) -> None:
        self.form = form
        self.rows: dict[str, _T] = {}
        self.changed: set[str] = set()

    def get(self, key: str) -> _T | None:
        return self.rows.get(key)

    def put(self, key: str, row: _T) -> None:
        """Add a row, or mark it as changed."""
        self.rows[key] = row
        self.changed.add(key)

    def drop(self, key: str) -> None:
        """Delete a row, if it is there."""
        if self.rows.pop(key, None) is not None:
            self.changed.add(key)

    def only(self, make: Callable[[], _T]) -> _T:
        """Return the row of a table with a single row; made if it is missing."""
        found = self.rows.get(ONLY_ROW)
        if found is None:
            found = make()
            self.put(ONLY_ROW, found)
        return found

    def load(self, key: str, text: str) -> None:
        """Add a stored row.

        Raises:
            MalformedRecordError: it cannot be read.

        """
        self.rows[key] = self.form.from_text(text)

    def take_changes(self) -> Iterator[tuple[str, str | None]]:
        """Yield the changed rows since the last time, as stored; None: deleted."""
        for key in sorted(self.changed):
            row = self.rows.get(key)
            yield key, None if row is None else self.form.to_text(row)
        self.changed.clear()

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every row as it is stored."""
        for key, row in self.rows.items():
            yield key, self.form.to_text(row)
