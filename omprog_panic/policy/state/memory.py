"""All tables of the policy's memory. Pure."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from omprog_panic.errors import MalformedRecordError
from omprog_panic.policy.state.boot import BOOTS
from omprog_panic.policy.state.bundle import BUNDLES
from omprog_panic.policy.state.cause import CAUSES
from omprog_panic.policy.state.configuration import CONFIG
from omprog_panic.policy.state.digest import DIGEST, DigestState
from omprog_panic.policy.state.group import GROUPS
from omprog_panic.policy.state.lifecycle import LIFECYCLES
from omprog_panic.policy.state.monitor import (
    MONITOR,
    SELF_CHECK,
    MonitorState,
    SelfCheckState,
)
from omprog_panic.policy.state.rate_limit import RATE_LIMITS
from omprog_panic.policy.state.resolved import RESOLVED_CAUSES
from omprog_panic.policy.state.sender import HOST_CAUSES, SENDERS, UNHEARD
from omprog_panic.policy.state.silence import SILENCES
from omprog_panic.policy.state.table import ONLY_ROW, RowFormat, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omprog_panic.policy.state.configuration import ConfigState

_T = TypeVar("_T")
CHECKPOINT_VERSION = 1


class MemoryRow(NamedTuple):
    """One row as it is stored; ``content`` None: it is deleted."""

    table: str
    key: str
    content: str | None


@dataclasses.dataclass(slots=True)
class NextLook:
    """Before these seconds of ``listened`` no sender can have become silent.

    They are not stored: 0 is always right, and only costs a look at every sender.
    """

    at_senders: float = 0.0
    at_unheard: float = 0.0


class Memory:
    """The tables, and the way to a store and back: ``load`` and ``take_changes``.

    It has an attribute a table, which is why there are so many.
    """

    def __init__(self) -> None:
        self._tables: dict[str, Table[Any]] = {}
        self.configuration = self._add(CONFIG)
        self.monitor = self._add(MONITOR)
        self.self_check = self._add(SELF_CHECK)
        self.groups = self._add(GROUPS)
        self.lifecycles = self._add(LIFECYCLES)
        self.causes = self._add(CAUSES)
        self.resolved = self._add(RESOLVED_CAUSES)
        self.senders = self._add(SENDERS)
        self.host_causes = self._add(HOST_CAUSES)
        self.unheard = self._add(UNHEARD)
        self.boots = self._add(BOOTS)
        self.bundles = self._add(BUNDLES)
        self.rate_limits = self._add(RATE_LIMITS)
        self.silences = self._add(SILENCES)
        self.digests = self._add(DIGEST)
        self.next_look = NextLook()

    def _add(self, form: RowFormat[_T]) -> Table[_T]:
        table = Table(form)
        self._tables[form.table] = table
        return table

    @property
    def current_config(self) -> ConfigState | None:
        return self.configuration.get(ONLY_ROW)

    @property
    def current_monitor(self) -> MonitorState:
        return self.monitor.only(MonitorState)

    @property
    def current_self_check(self) -> SelfCheckState:
        return self.self_check.only(SelfCheckState)

    @property
    def current_digest(self) -> DigestState:
        return self.digests.only(DigestState)

    def save_monitor(self) -> None:
        self.monitor.put(ONLY_ROW, self.current_monitor)

    def save_self_check(self) -> None:
        self.self_check.put(ONLY_ROW, self.current_self_check)

    def save_digest(self) -> None:
        self.digests.put(ONLY_ROW, self.current_digest)

    @property
    def has_changes(self) -> bool:
        """Whether there is something that the store does not have."""
        return any(table.changed for table in self._tables.values())

    def load(self, row: MemoryRow) -> None:
        """Add one stored row.

        Raises:
            MalformedRecordError: it cannot be read, or its table is not known.

        """
        table = self._tables.get(row.table)
        if table is None or row.content is None:
            raise MalformedRecordError(f"unknown table {row.table}")
        table.load(row.key, row.content)

    def tables(self) -> dict[str, Table[Any]]:
        """Return the tables by their stored names."""
        return dict(self._tables)

    def take_changes(self) -> list[MemoryRow]:
        """Return the rows that have changed since the last time."""
        return [
            MemoryRow(name, key, text)
            for name, table in self._tables.items()
            for key, text in table.take_changes()
        ]

    def rows(self) -> list[MemoryRow]:
        """Return every row."""
        return [
            MemoryRow(name, key, text)
            for name, table in self._tables.items()
            for key, text in table.texts()
        ]


def encode_checkpoint(memory: Memory) -> str:
    """Return the whole memory as one entry of the policy's log."""
    rows = [
        {"table": row.table, "key": row.key, "row": json.loads(row.content or "null")}
        for row in memory.rows()
    ]
    return json.dumps({"version": CHECKPOINT_VERSION, "rows": rows})


def decode_checkpoint(text: str) -> Memory:
    """Parse what ``encode_checkpoint`` returned.

    Raises:
        MalformedRecordError: it is something else, or of a later version.

    """
    try:
        raw = json.loads(text)
        if raw["version"] != CHECKPOINT_VERSION:
            raise MalformedRecordError(f"unknown version {raw['version']}")
        rows = [
            MemoryRow(item["table"], item["key"], json.dumps(item["row"]))
            for item in raw["rows"]
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedRecordError(f"not a checkpoint: {error}") from error
    return read_memory(rows)


def read_memory(rows: Iterable[MemoryRow]) -> Memory:
    """Return the memory that these rows are.

    Raises:
        MalformedRecordError: a row cannot be read.

    """
    memory = Memory()
    for row in rows:
        memory.load(row)
    return memory
