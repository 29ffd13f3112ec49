"""What takes the space of a full file system, and the commands that free some."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.rsyslog.dropin import LOG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.host.machine import Machine

SYSTEM_JOURNAL = "/var/log/journal"
WORTH_BYTES = 1_000_000  # less is not named
LOG_AGES_DAYS = (30, 7, 0)  # the oldest logs go first
LARGE_LOG = "+1M"  # of today: rsyslogd has it open, so it is emptied
RETENTION = "retention.max_mb and retention.incidents_days in config.yaml limit it"


class SpaceUser(NamedTuple):
    """What takes space; ``command`` frees some of it, "": a setting limits it."""

    name: str
    path: str  # a shell pattern
    size: int
    command: str


def space_users(
    machine: Machine, folder: str, state: dict[str, str]
) -> list[SpaceUser]:
    """Return what of ours is on the file system of a folder, the largest first.

    ``state``: the folders "journal" and "spool", and the file "database".
    """
    found = [
        user
        for user in _candidates(machine, state)
        if user.size >= WORTH_BYTES and _is_same_file_system(machine, user.path, folder)
    ]
    return sorted(found, key=lambda user: -user.size)


def describe(users: list[SpaceUser]) -> str:
    """Return one line: what takes how much."""
    rows = [
        f"{user.name} {user.size // 1_000_000} MB"
        + ("" if user.command else f" ({RETENTION})")
        for user in users
    ]
    return ", ".join(rows) or "nothing of omprog-panic"


def commands(users: list[SpaceUser], folder: str) -> tuple[str, ...]:
    """Return commands that free space, the most first; the last shows the rest."""
    freeing = [user.command for user in users if user.command]
    return (*freeing, f"du -xh $(df --output=target {folder} | tail -n 1) | sort -h")


def _candidates(machine: Machine, state: dict[str, str]) -> Iterator[SpaceUser]:
    for name, path in (
        ("damaged databases", f"{shlex.quote(state['database'])}.damaged-*"),
        ("corrupt spool files", f"{shlex.quote(state['spool'])}/corrupt/*"),
        ("damaged journal segments", f"{shlex.quote(state['journal'])}/*.damaged"),
    ):
        yield SpaceUser(name, path, _size(machine, path), f"rm {path}")
    logs = _size(machine, LOG)
    if logs >= WORTH_BYTES:
        yield SpaceUser("logs of the senders", LOG, logs, _free_logs(machine))
    yield SpaceUser(
        "the system's journal",
        SYSTEM_JOURNAL,
        _size(machine, SYSTEM_JOURNAL),
        "journalctl --vacuum-size=100M",
    )
    database = shlex.quote(state["database"])
    kept = _size(machine, f"{database} {database}-wal")
    yield SpaceUser("database", database, kept, "")


def _free_logs(machine: Machine) -> str:
    for days in LOG_AGES_DAYS:
        find = ["find", LOG, "-name", "*.log", "-mtime", f"+{days}"]
        if machine.run(*find, "-print", "-quit").stdout:
            return f"find {LOG} -name '*.log' -mtime +{days} -delete"
    return f"find {LOG} -name '*.log' -size {LARGE_LOG} -exec truncate -s 0 {{}} +"


def _size(machine: Machine, pattern: str) -> int:
    """Return the bytes on the disk; 0 if there is nothing."""
    done = machine.run("sh", "-c", f"du -sck {pattern} 2>/dev/null | tail -n 1")
    kilobytes = done.stdout.split()[:1]
    return int(kilobytes[0]) * 1024 if kilobytes and kilobytes[0].isdigit() else 0


def _is_same_file_system(machine: Machine, pattern: str, folder: str) -> bool:
    inside = pattern.replace("'", "").rpartition("/")[0]
    one, other = machine.disk_space(inside), machine.disk_space(folder)
    if one is None or other is None:
        return False
    return one.total_bytes == other.total_bytes
