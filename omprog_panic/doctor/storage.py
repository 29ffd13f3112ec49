"""The folders of the data: journal, spool, database, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, critical, ok, unknown, warning
from omprog_panic.host.machine import UnreadableError
from omprog_panic.host.processes import Process, may_access
from omprog_panic.rsyslog.dropin import LOG, STATE
from omprog_panic.store.connect import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext

WANTED_BYTES = 256 * 1024 * 1024  # journal and spool at their limits
NEEDED_BYTES = 16 * 1024 * 1024  # for a journal segment and a storm of incidents
NEEDED_FILES = 1000
WRITE = 3  # write and search
READ_WRITE = 6
USER = "omprog-panic"
TMPFILES = "systemd-tmpfiles --create /usr/lib/tmpfiles.d/omprog-panic.conf"


def check_folders(x: CheckContext) -> Iterator[Finding]:
    """Check that collector, rsyslogd and alerter can write to their folders."""
    alerter = x.alerter
    spool = str(x.config.paths.spool) if x.config else f"{STATE}/spool"
    database = _database_folder(x)
    wanted = (
        ("journal", _flag(x, "--journal") or f"{STATE}/journal", x.rsyslogd),
        ("spool", f"{_flag(x, '--spool') or spool}/new", x.rsyslogd),
        ("spool", f"{spool}/new", alerter),
        *([("database", database, alerter)] if database else []),
        ("logs", LOG, x.rsyslogd),
    )
    seen: set[tuple[str, int]] = set()
    for name, folder, writer in wanted:
        key = (folder, writer.pid if writer else -1)
        if key not in seen:
            seen.add(key)
            yield from _check_folder(x, name, folder, writer)
    if x.config and _flag(x, "--spool") not in {None, spool}:
        yield critical(
            "spool",
            f"the collector writes to {_flag(x, '--spool')}, the alerter reads {spool}",
            f"set paths.spool in {x.config.file} to the same folder",
            "systemctl reload omprog-panic-alerter",
        )


def check_database_files(x: CheckContext) -> Iterator[Finding]:
    """Check that the alerter can read and write every file of its database.

    A command that root runs too early, or a restored copy, leaves files of root's.
    """
    folder = _database_folder(x)
    user = x.alerter or _alerter_user(x)
    if folder is None or user is None:
        return
    bad = []
    for name in x.machine.names(folder) or ():
        status = x.machine.status(f"{folder}/{name}")
        if status is None or status.is_folder:
            continue
        if not may_access(user, status.mode, status.uid, status.gid, READ_WRITE):
            bad.append(f"{folder}/{name} (user {status.uid})")
    if bad:
        yield critical(
            "database",
            f"the alerter (user {user.uid}) may not write {', '.join(bad[:5])}",
            f"chown -R {USER}:{USER} {folder}",
            "systemctl restart omprog-panic-alerter",
        )


def _alerter_user(x: CheckContext) -> Process | None:
    """Return the user that the alerter would run as, None if there is none."""
    for line in (x.machine.read("/etc/passwd") or "").splitlines():
        fields = line.split(":")
        if fields[0] == USER and len(fields) > 3:
            groups = frozenset({int(fields[3])})
            return Process(0, 0, "alerter", (), int(fields[2]), groups, 0.0)
    return None


def _database_folder(x: CheckContext) -> str | None:
    """Return the folder that the database needs; None: it is on another machine."""
    if x.config is None:
        return f"{STATE}/db"
    folder = open_database(x.config.paths.database).folder
    return None if folder is None else str(folder)


def _flag(x: CheckContext, name: str) -> str | None:
    """Return a command-line option of the collector, from rsyslogd's configuration."""
    if x.action is None:
        return None
    words = x.action.values["binary"].split()
    at = words.index(name) + 1 if name in words else len(words)
    return words[at] if at < len(words) else None


def _check_folder(
    x: CheckContext, name: str, folder: str, writer: Process | None
) -> Iterator[Finding]:
    try:
        status = x.machine.status(folder)
    except UnreadableError:
        yield unknown(name, f"{folder}: only root can look at it", "use sudo")
        return
    if status is None:
        yield critical(name, f"{folder} is missing", TMPFILES)
    elif not status.is_folder:
        yield critical(
            name, f"{folder} is not a folder", f"mv {folder} {folder}.old", TMPFILES
        )
    elif writer and not may_access(writer, status.mode, status.uid, status.gid, WRITE):
        yield critical(
            name,
            f"{writer.name} (user {writer.uid}) may not write to {folder}",
            f"adduser $(id -nu {writer.uid}) {USER}",
            "systemctl restart rsyslog omprog-panic-alerter",
        )
    else:
        yield from _check_space(x, name, folder, writer)


def _check_space(
    x: CheckContext, name: str, folder: str, writer: Process | None
) -> Iterator[Finding]:
    space = x.machine.disk_space(folder)
    if space is None:
        return
    free = f"{space.free_bytes // 1_000_000} MB free"
    remedy = (f"df -h {folder}", "omprog-panic incidents list")
    if space.read_only:
        yield critical(name, f"{folder} is on a read-only file system", *remedy[:1])
    elif space.free_bytes < NEEDED_BYTES or space.free_files < NEEDED_FILES:
        yield critical(
            name, f"{folder} is full: {free}, {space.free_files} free inodes", *remedy
        )
    elif space.free_bytes < WANTED_BYTES:
        yield warning(name, f"{folder} is nearly full: {free}", *remedy)
    else:
        who = f"{writer.name} may write, " if writer else ""
        yield ok(name, f"{folder}: {who}{free}")
