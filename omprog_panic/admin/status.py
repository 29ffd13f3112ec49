"""Whether everything works, from the outside: lock, spool, outbox, counters."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.incidents import summary_to_json
from omprog_panic.admin.settings_in_use import NOT_READ
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.alerter.settings_report import load_settings_in_use
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.digest import changed
from omprog_panic.config.senders import SenderDirectory
from omprog_panic.errors import SpoolError, StoreError, StoreForbiddenError
from omprog_panic.plain import visible
from omprog_panic.render.context import utc
from omprog_panic.spool.reader import SpoolReader
from omprog_panic.store import (
    incidents,
    notification_log,
    outbox_admin,
    retention,
    senders,
)
from omprog_panic.store.connect import open_database
from omprog_panic.store.outbox import OPEN, OutboxState
from omprog_panic.store.silences import count_open

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from omprog_panic.config.model import Paths
    from omprog_panic.spool.record import CountersRecord
    from omprog_panic.store.connect import Database
    from omprog_panic.store.notification_log import FailedAttempt
    from omprog_panic.store.outbox_admin import ServiceBacklog


MAX_NAMED = 10  # senders that are named; the others are in ``senders``
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
    senders_silent: list[str] = dataclasses.field(default_factory=list)
    senders_never_heard: list[str] = dataclasses.field(default_factory=list)
    senders_missing: list[str] = dataclasses.field(default_factory=list)  # for too long
    monitor_deaf: bool = False
    silences: int = 0
    template_faults: list[str] = dataclasses.field(default_factory=list)
    reload_faults: list[str] = dataclasses.field(default_factory=list)
    changed_files: list[str] = dataclasses.field(default_factory=list)  # and not read
    service_keys: list[str] | None = None  # in use; None: not known
    problems: list[tuple[int, str]] = dataclasses.field(default_factory=list)

    @property
    def code(self) -> int:
        """Return the worst problem: 0 OK, 1 WARNING, 2 CRITICAL."""
        return max((level for level, _ in self.problems), default=OK)


def collect_status(paths: Paths) -> Status:
    """Look at everything; changes nothing.

    Raises:
        StoreForbiddenError: this user may not.

    """
    database = open_database(paths.database)
    status = Status(
        alerter_running=database.has_alerter(),
        spool_waiting=0,
        spool_corrupt=_count(paths.spool / "corrupt"),
    )
    try:
        status.spool_waiting = SpoolReader(paths.spool).waiting()
    except SpoolError as error:
        status.problems.append((CRITICAL, str(error)))
    try:
        database.check()
        _read_store(database, status)
    except StoreForbiddenError:
        raise
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
            status.last_incident = summary_to_json(row)
        for service in outbox_admin.backlog(connection):
            status.services.append(_backlog_fields(service))
        for attempt in notification_log.last_failed_attempts(connection):
            status.last_errors.append(_attempt_fields(attempt))
        status.database_bytes = retention.used_bytes(connection)
        status.senders_heard = len(senders.list_senders(connection, senders.MAX_LISTED))
        _read_memory(connection, status)
        status.counters = _counters_fields(senders.load_counters(connection))
        settings = load_settings_in_use(connection)
        if settings is not None:
            status.template_faults = list(settings.templates)
            status.reload_faults = list(settings.reload)
            status.changed_files = changed(settings.files)
            status.service_keys = list(settings.services)


def _backlog_fields(row: ServiceBacklog) -> dict[str, Any]:
    return {
        "service_key": row.service_key,
        "service_label": row.service_label,
        "state": row.state,
        "alerts": row.alerts,
        "oldest_at": row.oldest_at,
        "reason": row.reason,
        "since": utc(rfc3339(row.oldest_at)),
    }


def _attempt_fields(row: FailedAttempt) -> dict[str, Any]:
    return {
        "service_key": row.service_key,
        "service_label": row.service_label,
        "at": row.at,
        "took_s": round(row.took_s, 3),
        "reason": row.reason,
        "time": utc(rfc3339(row.at)),
    }


def _counters_fields(record: CountersRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "id": record.id,
        "at": record.at,
        "counters": record.counters,
        "refused": list(record.refused),
        "written_at": record.written_at,
    }


def _read_memory(connection: Connection, status: Status) -> None:
    """Take over what the policy remembers of senders and of the monitor itself."""
    memory = open_memory(connection)
    current = memory.current_config
    directory = SenderDirectory(() if current is None else current.config.senders)
    rows = memory.senders.rows.values()
    status.senders_silent = sorted(
        directory.name_of(row.source, row.host) for row in rows if row.silent
    )
    status.senders_never_heard = sorted(
        directory.name_of(address, None) for address in memory.unheard.rows
    )
    status.senders_missing = sorted(
        directory.name_of(address, None)
        for address, row in memory.unheard.rows.items()
        if row.notified
    )
    status.monitor_deaf = memory.current_self_check.deaf
    now = SystemClock().wall()
    status.silences = count_open(connection, now)


def _named(names: list[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:MAX_NAMED])
    return f"{shown} and others" if len(names) > MAX_NAMED else shown


def _settings_problems(status: Status) -> Iterator[str]:
    if status.alerter_running:
        for fault in status.reload_faults:
            yield (
                f"reload refused, the configuration before it is in use: {fault}; then "
                "`systemctl reload omprog-panic-alerter`"
            )
        if not status.reload_faults:
            for name in status.changed_files:
                yield f"{name} {NOT_READ}: run `omprog-panic apply`"
    for fault in status.template_faults:
        yield f"template: {fault}"


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
    if status.monitor_deaf:
        words = "the monitor is deaf: its own datagrams do not come out"
        found.append((CRITICAL, words))
    if status.senders_silent:
        words = f"{len(status.senders_silent)} senders are silent"
        found.append((WARNING, f"{words}: {_named(status.senders_silent)}"))
    if status.senders_missing:
        words = f"{len(status.senders_missing)} listed senders were never heard"
        found.append((WARNING, f"{words}: {_named(status.senders_missing)}"))
    found += [(WARNING, text) for text in _settings_problems(status)]
    found += _service_problems(status)
    return found


def _service_problems(status: Status) -> Iterator[tuple[int, str]]:
    for row in status.services:
        one = row["alerts"] == 1
        text = f"{row['service_label']}: {row['alerts']} alert{'' if one else 's'}"
        waits = f"{text} wait{'s' if one else ''}"
        gone = row["service_key"] not in (status.service_keys or [row["service_key"]])
        if row["state"] == OutboxState.DEAD.value:
            yield CRITICAL, f"{text} given up: {row['reason']}"
        elif row["state"] in OPEN and gone:
            remedy = "put it back, or `omprog-panic outbox drop ID`"
            why = f"for a service that is not configured any more: {remedy}"
            yield WARNING, f"{waits} {why}"
        elif row["state"] in OPEN and row["reason"]:
            yield WARNING, f"{waits}: {row['reason']}"
