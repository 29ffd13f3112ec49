"""Whether everything works, from the outside: lock, spool, outbox, counters."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING, Any

from omprog_panic.admin.senders import read_memory
from omprog_panic.alerter.lock import is_running
from omprog_panic.alerter.settings_report import LATEST_NAME, NOT_READ
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.digest import changed
from omprog_panic.errors import SpoolError, StoreError, StoreForbiddenError
from omprog_panic.plain import visible
from omprog_panic.policy.evaluation import THE_ONE
from omprog_panic.policy.settings import build_settings
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
from omprog_panic.store.outbox import OPEN, State
from omprog_panic.store.silences import count_open

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from omprog_panic.config.model import Paths

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
            status.last_incident = dict(row._mapping)  # noqa: SLF001 - its public name
        for row in outbox_care.summary(connection):
            since = utc(rfc3339(row.oldest_at))
            status.services.append({**row._mapping, "since": since})  # noqa: SLF001
        for row in notification_log.last_attempts(connection):
            time = utc(rfc3339(row.at))
            took_s = round(row.took_s, 3)
            status.last_errors.append(
                {**row._mapping, "time": time, "took_s": took_s}  # noqa: SLF001
            )
        status.database_bytes = retention.used_bytes(connection)
        status.senders_heard = len(senders.list_senders(connection, senders.MAX_LISTED))
        _read_memory(connection, status)
        status.counters = senders.latest(connection, "counters")
        settings = senders.latest(connection, LATEST_NAME) or {}
        status.template_faults = list(settings.get("templates", ()))
        status.reload_faults = list(settings.get("reload", ()))
        status.changed_files = changed(settings.get("files", {}))
        status.service_keys = settings.get("services")


def _read_memory(connection: Connection, status: Status) -> None:
    """Take over what the policy remembers of senders and of the monitor itself."""
    memory = read_memory(connection)
    basis = memory.basis.get(THE_ONE)
    settings = build_settings({} if basis is None else basis.data)
    rows = memory.senders.rows.values()
    status.senders_silent = sorted(
        settings.name_of(row.source, row.host) for row in rows if row.silent
    )
    status.senders_never_heard = sorted(
        settings.name_of(address, None) for address in memory.listed.rows
    )
    status.senders_missing = sorted(
        settings.name_of(address, None)
        for address, row in memory.listed.rows.items()
        if row.told
    )
    monitor = memory.monitor.get(THE_ONE)
    status.monitor_deaf = monitor is not None and monitor.deaf
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
                yield f"{name} {NOT_READ}: `omprog-panic apply`"
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
        if row["state"] == State.DEAD.value:
            yield CRITICAL, f"{text} given up: {row['reason']}"
        elif row["state"] in OPEN and gone:
            remedy = "put it back, or `omprog-panic outbox drop ID`"
            why = f"for a service that is not configured any more: {remedy}"
            yield WARNING, f"{waits} {why}"
        elif row["state"] in OPEN and row["reason"]:
            yield WARNING, f"{waits}: {row['reason']}"
