"""Whether everything works, from the outside: lock, spool, outbox, counters."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING, Any

from omprog_panic.alerter.lock import is_running
from omprog_panic.alerter.template_report import LATEST_NAME
from omprog_panic.clock import rfc3339
from omprog_panic.errors import SpoolError, StoreError
from omprog_panic.render.context import utc
from omprog_panic.spool.reader import SpoolReader
from omprog_panic.store import (
    incidents,
    notification_log,
    outbox_care,
    retention,
    senders,
)
from omprog_panic.store.connect import Database
from omprog_panic.store.outbox import State

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.config.model import Paths

BACKLOG = 100  # files in the spool that are more than a moment's work
OK, WARNING, CRITICAL, UNKNOWN = range(4)  # as Nagios and Icinga read them


@dataclasses.dataclass(slots=True)
class Status:
    """What ``omprog-panic status`` shows."""

    alerter_running: bool
    spool_waiting: int
    spool_corrupt: int
    incidents: int = 0
    last_incident: dict[str, Any] | None = None
    services: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    last_errors: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    database_bytes: int = 0
    senders_heard: int = 0
    counters: dict[str, Any] | None = None
    template_faults: list[str] = dataclasses.field(default_factory=list)
    problems: list[tuple[int, str]] = dataclasses.field(default_factory=list)

    @property
    def code(self) -> int:
        """Give the worst problem: 0 OK, 1 WARNING, 2 CRITICAL."""
        return max((level for level, _ in self.problems), default=OK)


def collect_status(paths: Paths) -> Status:
    """Look at everything; changes nothing."""
    status = Status(
        alerter_running=is_running(paths.database),
        spool_waiting=0,
        spool_corrupt=_count(paths.spool / "corrupt"),
    )
    try:
        status.spool_waiting = SpoolReader(paths.spool).waiting()
    except SpoolError as error:
        status.problems.append((CRITICAL, str(error)))
    database = Database(paths.database)
    try:
        database.check()
        _read_store(database, status)
    except StoreError as error:
        status.problems.append((CRITICAL, str(error)))
    finally:
        database.close()
    status.problems += _problems(status)
    return status


def _count(folder: Path) -> int:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sum(1 for _ in entries)
    return 0


def _read_store(database: Database, status: Status) -> None:
    with database.read() as connection:
        status.incidents = incidents.count_incidents(connection)
        for row in incidents.list_incidents(connection, 1):
            status.last_incident = dict(row._mapping)  # noqa: SLF001 - its public name
        for row in outbox_care.summary(connection):
            since = utc(rfc3339(row.oldest_at))
            status.services.append({**row._mapping, "since": since})  # noqa: SLF001
        for row in notification_log.last_attempts(connection):
            time = utc(rfc3339(row.at))
            status.last_errors.append({**row._mapping, "time": time})  # noqa: SLF001
        status.database_bytes = retention.used_bytes(connection)
        status.senders_heard = len(senders.list_senders(connection, senders.MAX_LISTED))
        status.counters = senders.latest(connection, "counters")
        templates = senders.latest(connection, LATEST_NAME) or {}
        status.template_faults = list(templates.get("faults", ()))


def _problems(status: Status) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    if not status.alerter_running:
        found.append((CRITICAL, "the alerter does not run"))
    if status.spool_waiting > BACKLOG:
        found.append((WARNING, f"{status.spool_waiting} files wait in the spool"))
    if status.spool_corrupt:
        found.append(
            (WARNING, f"{status.spool_corrupt} files in corrupt/: see the log")
        )
    found += [(WARNING, f"template: {fault}") for fault in status.template_faults]
    for row in status.services:
        text = f"{row['service_label']}: {row['alerts']} alerts"
        if row["state"] == State.DEAD.value:
            found.append((CRITICAL, f"{text} given up: {row['reason']}"))
        elif row["state"] == State.WAITING.value and row["reason"]:
            found.append((WARNING, f"{text} wait: {row['reason']}"))
    return found
