"""The space for the data: journal, spool, database, logs.

Whether the folders are there, and for whom, is checked by ``ownership``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, critical, ok, unknown, warning
from omprog_panic.doctor.space import commands, describe, space_users
from omprog_panic.host.machine import UnreadableError
from omprog_panic.rsyslog.dropin import LOG, STATE
from omprog_panic.store.connect import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext

WANTED_BYTES = 256 * 1024 * 1024  # journal and spool at their limits
NEEDED_BYTES = 16 * 1024 * 1024  # for a journal segment and a storm of incidents
NEEDED_FILES = 1000


def check_folders(x: CheckContext) -> Iterator[Finding]:
    """Check that collector, rsyslogd and alerter have room, and use the same spool."""
    spool = str(x.config.paths.spool) if x.config else f"{STATE}/spool"
    database = _database_folder(x)
    wanted = (
        ("journal", x.collector_option("--journal") or f"{STATE}/journal"),
        ("spool", f"{x.collector_option('--spool') or spool}/new"),
        ("spool", f"{spool}/new"),
        *([("database", database)] if database else []),
        ("logs", LOG),
    )
    for name, folder in dict.fromkeys(wanted):
        try:
            status = x.machine.status(folder)
        except UnreadableError:
            yield unknown(name, f"{folder}: only root can look at it", "use sudo")
            continue
        if status is not None and status.is_folder:
            yield from _check_space(x, name, folder)
    written = x.collector_option("--spool")
    if x.config and written not in {None, spool}:
        yield critical(
            "spool",
            f"the collector writes to {written}, the alerter reads {spool}",
            f"set paths.spool in {x.config.file} to the same folder",
            "systemctl reload omprog-panic-alerter",
        )


def _database_folder(x: CheckContext) -> str | None:
    """Return the folder that the database needs; None: it is on another machine."""
    if x.config is None:
        return f"{STATE}/db"
    folder = open_database(x.config.paths.database).folder
    return None if folder is None else str(folder)


def _check_space(x: CheckContext, name: str, folder: str) -> Iterator[Finding]:
    space = x.machine.disk_space(folder)
    if space is None:
        return
    free = f"{space.free_bytes // 1_000_000} MB free"
    if space.read_only:
        text = f"{folder} is on a read-only file system"
        yield critical(name, text, f"df -h {folder}")
        return
    is_full = space.free_bytes < NEEDED_BYTES or space.free_files < NEEDED_FILES
    if not is_full and space.free_bytes >= WANTED_BYTES:
        yield ok(name, f"{folder}: {free}")
        return
    users = space_users(x.machine, folder, _state(x))
    remedies = commands(users, folder)
    takes = f"it has {describe(users)}"
    if is_full:
        inodes = f"{space.free_files} free inodes"
        text = f"{folder} is full: {free}, {inodes}; {takes}"
        yield critical(name, text, *remedies)
    else:
        yield warning(name, f"{folder} is nearly full: {free}; {takes}", *remedies)


def _state(x: CheckContext) -> dict[str, str]:
    """Return where the state is: two folders, and the file of the database.

    Which file that is, only the configuration says.
    """
    paths = x.config.paths if x.config else None
    return {
        "journal": x.collector_option("--journal") or f"{STATE}/journal",
        "spool": str(paths.spool) if paths else f"{STATE}/spool",
        "database": str(paths.database) if paths else f"{STATE}/db/unknown",
    }
