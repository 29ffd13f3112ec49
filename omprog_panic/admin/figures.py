"""The figures of ``status``, one row each. A new figure is a new row here."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.clock import SystemClock
from omprog_panic.store import incidents, retention, senders
from omprog_panic.store.silences import count_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.store.connect import Transaction


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A number about the store.

    ``name`` is its key in JSON, and ``label`` is what people see.
    """

    name: str
    label: str
    read: Callable[[Transaction], int]


def _active_silences(connection: Transaction) -> int:
    return count_open(connection, SystemClock().wall())


FIGURES = (
    Figure("incidents", "stored incidents", incidents.count_incidents),
    Figure("database_bytes", "database bytes", retention.used_bytes),
    Figure("senders_heard", "senders heard", senders.count_senders),
    Figure("silences", "active silences", _active_silences),
)
