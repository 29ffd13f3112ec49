"""The state of the whole monitor as seen from outside, and its problems."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from omprog_panic.address import is_loopback
from omprog_panic.admin.causes import open_causes
from omprog_panic.admin.figures import FIGURES
from omprog_panic.admin.search import summary_to_json
from omprog_panic.admin.settings_in_use import NOT_READ, NOT_RUNNING
from omprog_panic.alerter.policy_memory import open_memory
from omprog_panic.alerter.settings_report import SettingsInUse, load_settings_in_use
from omprog_panic.clock import SystemClock, rfc3339
from omprog_panic.config.digest import changed
from omprog_panic.config.senders import SenderDirectory
from omprog_panic.errors import SpoolError, StoreError, StoreForbiddenError
from omprog_panic.plain import visible
from omprog_panic.policy.coverage import known_senders, matches_no_sender
from omprog_panic.render.context import utc
from omprog_panic.spool.reader import SpoolReader
from omprog_panic.store import incidents, notification_log, outbox_admin, senders
from omprog_panic.store.connect import open_database
from omprog_panic.store.outbox import OPEN, OutboxState
from omprog_panic.store.refused import recently_refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from omprog_panic.admin.causes import OpenCause
    from omprog_panic.config.model import Paths
    from omprog_panic.policy.state.memory import Memory
    from omprog_panic.spool.record import CountersRecord
    from omprog_panic.store.connect import Database, Transaction
    from omprog_panic.store.incidents import IncidentSummary
    from omprog_panic.store.notification_log import FailedAttempt
    from omprog_panic.store.outbox_admin import ServiceBacklog
    from omprog_panic.store.refused import RefusedSender
    from omprog_panic.store.set_aside import SetAside

MAX_REFUSED = 20  # refused senders that are named
MAX_NAMED = 10  # senders that are named; ``omprog-panic senders`` lists all
BACKLOG = 100  # files in the spool that are not processed within seconds
OK, WARNING, CRITICAL, UNKNOWN = range(4)  # exit statuses for Nagios and Icinga

STATUS = "omprog-panic status"
APPLY = "omprog-panic apply"
START = "systemctl start omprog-panic-alerter"
RESTART = "systemctl restart omprog-panic-alerter"
USE_SUDO = "use sudo"
MAY_NOT_LOOK = f"whether the alerter runs is unknown to this user: {USE_SUDO}"
OUTBOX = "omprog-panic outbox list"
RESTORE = "omprog-panic restore --force FILE"


class Problem(NamedTuple):
    """Something that is wrong; ``remedy`` is the command to run next."""

    level: int
    text: str
    remedy: str = STATUS


@dataclasses.dataclass(frozen=True, slots=True)
class SpoolStatus:
    """How many files are in the spool; ``error``: why it cannot be read."""

    waiting: int
    corrupt: int
    error: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SenderProblems:
    """The names of senders that are not heard."""

    silent: tuple[str, ...] = ()
    never_heard: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # never heard for longer than the limit
    refused: tuple[RefusedSender, ...] = ()  # within a day, and not listed; worst first
    orphaned_silences: tuple[str, ...] = ()  # that match nobody, as ID (MATCHERS)


@dataclasses.dataclass(frozen=True, slots=True)
class StoreStatus:
    """What the database says; the defaults are shown if it cannot be read."""

    figures: Mapping[str, int] = dataclasses.field(
        default_factory=lambda: {figure.name: 0 for figure in FIGURES}
    )
    last_incident: IncidentSummary | None = None
    backlog: tuple[ServiceBacklog, ...] = ()
    last_errors: tuple[FailedAttempt, ...] = ()
    senders: SenderProblems = SenderProblems()
    causes: tuple[OpenCause, ...] = ()  # that are not resolved
    monitor_deaf: bool = False
    counters: CountersRecord | None = None
    settings: SettingsInUse | None = None  # None: the alerter has stored none yet
    changed_files: tuple[str, ...] = ()  # since the alerter read them
    error: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class MonitorStatus:
    """What ``omprog-panic status`` shows; ``unchecked``: what was left out."""

    alerter_running: bool | None  # None: this user may not look
    spool: SpoolStatus
    store: StoreStatus
    problems: tuple[Problem, ...] = ()
    set_aside: tuple[SetAside, ...] = ()  # databases that were damaged
    unchecked: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The level of the worst problem; UNKNOWN only if no other is known."""
        levels = {problem.level for problem in self.problems}
        known = max(levels - {UNKNOWN}, default=OK)
        return UNKNOWN if known == OK and UNKNOWN in levels else known

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        store, settings = self.store, self.store.settings or SettingsInUse()
        last = store.last_incident
        return {
            "alerter_running": self.alerter_running,
            "spool_waiting": self.spool.waiting,
            "spool_corrupt": self.spool.corrupt,
            **store.figures,
            "last_incident": None if last is None else summary_to_json(last),
            "services": [backlog_to_json(row) for row in store.backlog],
            "last_errors": [attempt_to_json(row) for row in store.last_errors],
            "counters": _counters_to_json(store.counters),
            "senders_silent": list(store.senders.silent),
            "senders_never_heard": list(store.senders.never_heard),
            "senders_missing": list(store.senders.missing),
            "senders_refused": [_refused_to_json(r) for r in store.senders.refused],
            "causes": [cause.to_json() for cause in store.causes],
            "monitor_deaf": store.monitor_deaf,
            "template_faults": list(settings.templates),
            "reload_faults": list(settings.reload),
            "changed_files": list(store.changed_files),
            "databases_set_aside": [set_aside_to_json(row) for row in self.set_aside],
            "service_keys": None if not store.settings else list(settings.services),
            "problems": [[problem.level, problem.text] for problem in self.problems],
            "unchecked": list(self.unchecked),
        }


def collect_status(paths: Paths) -> MonitorStatus:
    """Return the state of alerter, spool and store; change nothing.

    Raises:
        StoreForbiddenError: this user may not read the database.

    """
    spool = _read_spool(paths.spool)
    try:
        with contextlib.closing(open_database(paths.database)) as database:
            aside = tuple(database.set_aside or ())
            found = _read_store(database)
            running = database.has_alerter()
            status = MonitorStatus(running, spool, found, set_aside=aside)
    except StoreForbiddenError:
        raise
    except StoreError as error:  # no such kind of database
        failed = StoreStatus(error=str(error))
        status = MonitorStatus(alerter_running=False, spool=spool, store=failed)
    return dataclasses.replace(status, problems=tuple(_problems(status)))


def _read_spool(folder: Path) -> SpoolStatus:
    corrupt = _count(folder / "corrupt")
    try:
        return SpoolStatus(SpoolReader(folder).waiting(), corrupt)
    except SpoolError as error:
        return SpoolStatus(0, corrupt, str(error))


def _count(folder: Path) -> int:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sum(1 for _ in entries)
    return 0


def _read_store(database: Database) -> StoreStatus:
    try:
        database.check()
        with database.read() as connection:
            return _store_status(connection)
    except StoreForbiddenError:
        raise
    except StoreError as error:
        return StoreStatus(error=str(error))


def _store_status(connection: Transaction) -> StoreStatus:
    newest = next(incidents.list_incidents(connection, limit=1), None)
    settings = load_settings_in_use(connection)
    memory = open_memory(connection)
    current = memory.current_config
    directory = SenderDirectory(() if current is None else current.config.senders)
    silent = [row for row in memory.senders.rows.values() if row.silent]
    unheard = memory.unheard.rows
    missing = [address for address, row in unheard.items() if row.notified]
    return StoreStatus(
        figures={figure.name: figure.read(connection) for figure in FIGURES},
        last_incident=newest,
        backlog=tuple(outbox_admin.backlog(connection)),
        last_errors=tuple(notification_log.last_failed_attempts(connection)),
        senders=SenderProblems(
            silent=tuple(
                sorted(directory.name_of(row.source, row.host) for row in silent)
            ),
            never_heard=tuple(sorted(directory.name_of(a, None) for a in unheard)),
            missing=tuple(sorted(directory.name_of(a, None) for a in missing)),
            refused=tuple(_refused(connection, directory)),
            orphaned_silences=tuple(_orphaned_silences(memory)),
        ),
        causes=tuple(open_causes(memory)),
        monitor_deaf=memory.current_self_check.deaf,
        counters=senders.load_counters(connection),
        settings=settings,
        changed_files=tuple(changed(settings.files) if settings else ()),
    )


def _refused(
    connection: Transaction, directory: SenderDirectory
) -> Iterator[RefusedSender]:
    """Yield refused senders, without those that were listed since."""
    for row in recently_refused(connection, SystemClock().wall()):
        if not is_loopback(row.address) and directory.entry_for(row.address) is None:
            yield row


DAMAGED = "damaged_journal_entries"  # the collector's counter (docs/spool.md)


def _orphaned_silences(memory: Memory) -> Iterator[str]:
    """Yield the silences of hosts that are not known, perhaps since a rename."""
    current = memory.current_config
    listed = () if current is None else current.config.senders
    known = known_senders(listed, memory)
    for _, row in sorted(memory.silences.rows.items()):
        if matches_no_sender(row.match, known, listed):
            yield f"{row.id} ({' and '.join(map(str, row.match))})"


def _problems(status: MonitorStatus) -> Iterator[Problem]:
    spool, store = status.spool, status.store
    for error in (spool.error, store.error):
        if error is not None:
            yield Problem(CRITICAL, error)
    yield from map(_set_aside_problem, status.set_aside)
    if status.alerter_running is None:
        yield Problem(UNKNOWN, MAY_NOT_LOOK, USE_SUDO)
    elif not status.alerter_running:
        yield Problem(CRITICAL, NOT_RUNNING, START)
    if spool.waiting > BACKLOG:
        text = f"{spool.waiting} files are waiting in the spool"
        yield Problem(WARNING, text, "journalctl -u omprog-panic-alerter")
    if spool.corrupt:
        text = f"{spool.corrupt} files in the folder corrupt/ of the spool: see the log"
        yield Problem(WARNING, text, "journalctl -u omprog-panic-alerter")
    damaged = store.counters.counters.get(DAMAGED, 0) if store.counters else 0
    if damaged:
        text = (
            f"{damaged} damaged place{'' if damaged == 1 else 's'} in the collector's "
            "journal: lines may be missing. Check the disk; the segments are kept as "
            "*.damaged in the folder of the journal until you delete them"
        )
        yield Problem(WARNING, text, "journalctl -u rsyslog")
    if store.monitor_deaf:
        text = "the monitor does not receive: its self-check datagrams do not arrive"
        yield Problem(CRITICAL, text, "journalctl -u rsyslog")
    yield from _sender_problems(store.senders)
    yield from _settings_problems(status)
    for row in store.backlog:
        yield from _service_problems(row, store.settings)


def _set_aside_problem(row: SetAside) -> Problem:
    text = (
        f"a damaged database was set aside on {utc(rfc3339(row.at))}, a new one is in "
        f"use: {row.path}: go back to a backup (`systemctl stop omprog-panic-alerter`, "
        f"`{RESTORE}`), or delete it: `rm {row.path}*`"
    )
    return Problem(WARNING, text, RESTORE)


def _sender_problems(found: SenderProblems) -> Iterator[Problem]:
    for names, one, several in (
        (found.silent, "sender is silent", "senders are silent"),
        (
            found.missing,
            "listed sender was never heard",
            "listed senders were never heard",
        ),
    ):
        if names:
            text = one if len(names) == 1 else several
            named = f"{len(names)} {text}: {_named(names)}"
            yield Problem(WARNING, named, "omprog-panic senders")
    if found.refused:
        yield _refused_problem(found.refused)
    if found.orphaned_silences:
        text = (
            "silences that match no sender that is listed or was heard: "
            f"{_named(found.orphaned_silences)}; was a sender renamed?"
        )
        yield Problem(WARNING, text, "omprog-panic silence list")


def _refused_problem(refused: Sequence[RefusedSender]) -> Problem:
    total = sum(row.datagrams for row in refused)
    shown = ", ".join(
        f"{row.address} ({row.datagrams})" for row in refused[:MAX_REFUSED]
    )
    more = len(refused) - MAX_REFUSED
    text = (
        f"{total} datagram{'' if total == 1 else 's'} refused within a day, because "
        f"{'its sender is' if total == 1 else 'their senders are'} not listed: {shown}"
        f"{f' and {more} more' if more > 0 else ''}"
    )
    remedy = f"omprog-panic senders add NAME {refused[0].address} --write"
    return Problem(WARNING, f"{text}: `{remedy}`, or block them upstream", remedy)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:MAX_NAMED])
    more = len(names) - MAX_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _settings_problems(status: MonitorStatus) -> Iterator[Problem]:
    settings = status.store.settings or SettingsInUse()
    if status.alerter_running and status.store.settings is None:
        if status.store.error is None:
            text = f"it is not known which settings the alerter uses: run `{RESTART}`"
            yield Problem(UNKNOWN, text, RESTART)
    elif status.alerter_running:
        for fault in settings.reload:
            yield Problem(
                WARNING,
                f"reload refused, the old configuration is still in use: {fault}; then "
                "run `systemctl reload omprog-panic-alerter`",
                "omprog-panic check-config",
            )
        if not settings.reload:
            for name in status.store.changed_files:
                yield Problem(WARNING, f"{name} {NOT_READ}: run `{APPLY}`", APPLY)
    for fault in settings.templates:
        yield Problem(WARNING, f"template: {fault}", "omprog-panic templates list")


def _service_problems(
    row: ServiceBacklog, settings: SettingsInUse | None
) -> Iterator[Problem]:
    one = row.alerts == 1
    count = f"{row.service_label}: {row.alerts} alert{'' if one else 's'}"
    pending = f"{count} pending"
    removed = settings is not None and row.service_key not in settings.services
    if row.state == OutboxState.DEAD.value:
        yield Problem(CRITICAL, f"{count} could not be delivered: {row.reason}", OUTBOX)
    elif row.state in OPEN and removed:
        text = (
            f"{pending} for a service that is no longer configured: add it again, or "
            "run `omprog-panic outbox drop ID`"
        )
        yield Problem(WARNING, text, OUTBOX)
    elif row.state in OPEN and row.reason:
        yield Problem(WARNING, f"{pending}: {row.reason}", OUTBOX)


def set_aside_to_json(row: SetAside) -> dict[str, Any]:
    """Return a database that was set aside as a JSON object."""
    return {"file": str(row.path), "at": utc(rfc3339(row.at)), "reason": row.reason}


def backlog_to_json(row: ServiceBacklog) -> dict[str, Any]:
    """Return the backlog of a service as a JSON object."""
    return {
        "service_key": row.service_key,
        "service_label": row.service_label,
        "state": row.state,
        "alerts": row.alerts,
        "oldest_at": row.oldest_at,
        "reason": row.reason,
        "since": utc(rfc3339(row.oldest_at)),
    }


def attempt_to_json(row: FailedAttempt) -> dict[str, Any]:
    """Return a failed attempt as a JSON object."""
    return {
        "service_key": row.service_key,
        "service_label": row.service_label,
        "at": row.at,
        "took_s": round(row.took_s, 3),
        "reason": row.reason,
        "time": utc(rfc3339(row.at)),
    }


def _refused_to_json(row: RefusedSender) -> dict[str, Any]:
    return {
        "address": row.address,
        "datagrams": row.datagrams,
        "last_at": utc(rfc3339(row.last_at)),
    }


def _counters_to_json(record: CountersRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "id": record.id,
        "at": record.at,
        "counters": record.counters,
        "refused": list(record.refused),
        "written_at": record.written_at,
    }
