"""The memory and the log of the policy, in the store."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from omprog_panic.errors import MalformedRecordError
from omprog_panic.policy.event_codec import encode_evaluation
from omprog_panic.policy.replay import replay
from omprog_panic.policy.state.memory import Memory, MemoryRow, encode_checkpoint
from omprog_panic.store import policy_store
from omprog_panic.store.policy_store import LogKind, StateRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omprog_panic.policy.decision import DecisionRecord
    from omprog_panic.policy.event import Event
    from omprog_panic.policy.timestamps import Timestamps
    from omprog_panic.store.connect import Transaction
    from omprog_panic.store.policy_store import LogEntry

log = logging.getLogger(__name__)


def open_memory(connection: Transaction, part: str | None = None) -> Memory:
    """Return the stored memory; rows that cannot be read are logged and left out.

    What is forgotten may be notified again, which is better than no alert at all.
    ``part``: read only this table, such as ``SENDERS.table``.
    """
    memory = Memory()
    for row in policy_store.load_state(connection, part):
        try:
            memory.load(MemoryRow(row.part, row.name, row.content))
        except MalformedRecordError as error:
            fields = {"table": row.part, "key": row.name, "reason": str(error)}
            log.error("row of the policy's memory cannot be read", extra=fields)  # noqa: TRY400 - no bug of ours
    return memory


def store_changes(connection: Transaction, memory: Memory) -> None:
    """Store the rows that have changed."""
    changes = [StateRow(*row) for row in memory.take_changes()]
    policy_store.store_state(connection, changes)


def log_evaluation(
    connection: Transaction, now: Timestamps, events: Sequence[Event]
) -> None:
    """Log what was evaluated."""
    content = encode_evaluation(now, events)
    policy_store.append_log(connection, now.wall, LogKind.EVALUATION, content)


def log_checkpoint(connection: Transaction, at: float, memory: Memory) -> None:
    """Log the whole memory: the log can be replayed from here."""
    policy_store.append_log(connection, at, LogKind.STATE, encode_checkpoint(memory))


def replay_log(entries: Iterable[LogEntry]) -> list[DecisionRecord]:
    """Replay a log from its first checkpoint on; return the decisions.

    Raises:
        MalformedRecordError: an entry cannot be read.

    """
    checkpoint: str | None = None
    evaluations: list[str] = []
    for entry in entries:
        if entry.kind is LogKind.STATE and checkpoint is None:
            checkpoint = entry.content
        elif entry.kind is LogKind.EVALUATION and checkpoint is not None:
            evaluations.append(entry.content)
    return [] if checkpoint is None else replay(checkpoint, evaluations)
