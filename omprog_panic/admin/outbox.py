"""The outbox: listing pending deliveries, retrying and dropping them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.wake import wake_alerter
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.errors import OmprogPanicError
from omprog_panic.render.context import utc
from omprog_panic.store import outbox_admin
from omprog_panic.store.connect import existing_database
from omprog_panic.store.outbox import OPEN, OutboxState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.config.model import Paths
    from omprog_panic.store.outbox_admin import OutboxEntry

UNFINISHED = (*OPEN, OutboxState.DEAD.value)


@dataclasses.dataclass(frozen=True, slots=True)
class OutboxDelivery:
    """One delivery to one service, as people see it."""

    entry: OutboxEntry

    @property
    def time(self) -> str:
        """When it was put into the outbox, in UTC."""
        return utc(rfc3339(self.entry.created_at))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        entry = self.entry
        return {
            "id": entry.id,
            "created_at": entry.created_at,
            "state": entry.state,
            "attempts": entry.attempts,
            "next_attempt_at": entry.next_attempt_at,
            "service_key": entry.service_key,
            "service_label": entry.service_label,
            "kind": entry.kind,
            "incident_id": entry.incident_id,
            "source": entry.source,
            "title": entry.title,
            "last_reason": entry.last_reason,
            "stands_in_for": entry.stands_in_for,
            "in_doubt": entry.in_doubt,
            "time": self.time,
        }


def list_outbox(
    paths: Paths, limit: int, *, finished: bool = False
) -> list[OutboxDelivery]:
    """Return pending and dead deliveries, oldest first; ``finished``: all of them.

    Raises:
        StoreError: the database cannot be read.

    """
    states = [state.value for state in OutboxState] if finished else UNFINISHED
    with existing_database(paths.database) as database, database.read() as connection:
        entries = outbox_admin.list_entries(connection, states, limit)
    return [OutboxDelivery(entry) for entry in entries]


def retry_outbox(paths: Paths, ids: Sequence[int] | None) -> int:
    """Make deliveries due now, dead ones too (None: all); return how many.

    Raises:
        OmprogPanicError: none of them can be sent again.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.write() as connection:
        count = outbox_admin.retry(connection, ids, now)
    _require_some(count, ids, "sent again")
    wake_alerter(paths)
    return count


def drop_outbox(paths: Paths, ids: Sequence[int] | None) -> int:
    """Discard pending or dead deliveries (None: all dead ones); return how many.

    Raises:
        OmprogPanicError: none of them can be dropped.
        StoreError: the database cannot be written.

    """
    now = SystemClock().wall()
    with existing_database(paths.database) as database, database.write() as connection:
        count = outbox_admin.drop(connection, ids, now)
    _require_some(count, ids, "dropped")
    return count


def _require_some(count: int, ids: Sequence[int] | None, what: str) -> None:
    if not count:
        listed = ", ".join(map(str, ids or ()))
        which = f"none of the deliveries {listed}" if listed else "no delivery"
        raise OmprogPanicError(f"{which} can be {what}: see omprog-panic outbox list")
