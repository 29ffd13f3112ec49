"""The folders that carry what was heard: journal, spool, database, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.doctor.finding import Finding, broken, doubtful, good, unknown
from omprog_panic.doctor.processes import may
from omprog_panic.rsyslog.dropin import LOG, STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.examination import Examination
    from omprog_panic.doctor.processes import Process

WANTED_BYTES = 256 * 1024 * 1024  # journal and spool at their limits together
NEEDED_BYTES = 16 * 1024 * 1024  # less takes neither a journal segment nor a storm
NEEDED_FILES = 1000
WRITE = 3  # write and search
USER = "omprog-panic"
TMPFILES = "systemd-tmpfiles --create /usr/lib/tmpfiles.d/omprog-panic.conf"


def check_folders(x: Examination) -> Iterator[Finding]:
    """Look whether those who write can: rsyslogd's child, and the alerter."""
    alerter = _alerter(x)
    spool = str(x.config.paths.spool) if x.config else f"{STATE}/spool"
    database = str(x.config.paths.database.parent) if x.config else f"{STATE}/db"
    wanted = (
        ("journal", _flag(x, "--journal") or f"{STATE}/journal", x.rsyslogd),
        ("spool", f"{_flag(x, '--spool') or spool}/new", x.rsyslogd),
        ("spool", f"{spool}/new", alerter),
        ("database", database, alerter),
        ("logs", LOG, x.rsyslogd),
    )
    seen: set[tuple[str, int]] = set()
    for name, folder, writer in wanted:
        key = (folder, writer.pid if writer else -1)
        if key not in seen:
            seen.add(key)
            yield from _check_folder(x, name, folder, writer)
    if x.config and _flag(x, "--spool") not in {None, spool}:
        yield broken(
            "spool",
            f"the collector writes to {_flag(x, '--spool')}, the alerter reads {spool}",
            f"let paths.spool of {x.config.file} name the same folder",
            "systemctl reload omprog-panic-alerter",
        )


def _flag(x: Examination, name: str) -> str | None:
    """Return an option of the collector, as rsyslogd's configuration starts it."""
    if x.action is None:
        return None
    words = x.action.values["binary"].split()
    at = words.index(name) + 1 if name in words else len(words)
    return words[at] if at < len(words) else None


def _alerter(x: Examination) -> Process | None:
    for process in x.processes:
        if "alerter" in process.argv and any(
            word.rpartition("/")[2] == "omprog-panic" for word in process.argv
        ):
            return process
    return None


def _check_folder(
    x: Examination, name: str, folder: str, writer: Process | None
) -> Iterator[Finding]:
    status = x.host.status(folder)
    if status is None and x.host.hidden(folder):
        yield unknown(name, f"{folder}: only root may look at it", "use sudo")
        return
    if status is None:
        yield broken(name, f"{folder} is missing", TMPFILES)
        return
    if not status.is_folder:
        yield broken(
            name, f"{folder} is no folder", f"mv {folder} {folder}.old", TMPFILES
        )
        return
    if writer and not may(writer, status.mode, status.uid, status.gid, WRITE):
        yield broken(
            name,
            f"{writer.name} (user {writer.uid}) may not write to {folder}",
            f"adduser $(id -nu {writer.uid}) {USER}",
            "systemctl restart rsyslog omprog-panic-alerter",
        )
        return
    room = x.host.room(folder)
    if room is None:
        return
    free = f"{room.free_bytes // 1_000_000} MB free"
    remedy = (f"df -h {folder}", "omprog-panic incidents list")
    if room.read_only:
        yield broken(
            name, f"{folder} is on a file system that is read only", *remedy[:1]
        )
    elif room.free_bytes < NEEDED_BYTES or room.free_files < NEEDED_FILES:
        yield broken(
            name, f"{folder} is full: {free}, {room.free_files} files more", *remedy
        )
    elif room.free_bytes < WANTED_BYTES:
        yield doubtful(name, f"{folder} is nearly full: {free}", *remedy)
    else:
        who = f"{writer.name} may write, " if writer else ""
        yield good(name, f"{folder}: {who}{free}")
