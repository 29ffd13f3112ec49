"""Running programs, from /proc."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.host.machine import Host

HERTZ = 100  # USER_HZ: the unit of times in /proc, 100 on every Linux of today


@dataclasses.dataclass(frozen=True, slots=True)
class Process:
    """One running program."""

    pid: int
    parent: int
    name: str  # at most 15 characters: TASK_COMM_LEN
    argv: tuple[str, ...]
    uid: int  # effective
    groups: frozenset[int]
    started: float  # Unix seconds, exact to a second


def processes(host: Host) -> Iterator[Process]:
    """Return every process that can be looked at."""
    boot = _boot_time(host)
    for name in host.names("/proc"):
        if name.isdigit() and (found := _read(host, int(name), boot)) is not None:
            yield found


def _boot_time(host: Host) -> float:
    for line in (host.read("/proc/stat") or "").splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return 0.0


def _read(host: Host, pid: int, boot: float) -> Process | None:
    line = host.read(f"/proc/{pid}/stat") or ""
    # pid (name) state ppid ...: a name may hold blanks and parentheses (man 5 proc).
    name, _, rest = line.partition("(")[2].rpartition(")")
    fields = rest.split()
    if len(fields) < 20:
        return None
    uid, groups = 0, frozenset[int]()
    for row in (host.read(f"/proc/{pid}/status") or "").splitlines():
        key, _, value = row.partition(":")
        if key == "Uid":
            uid = int(value.split()[1])
        elif key in {"Gid", "Groups"}:
            groups |= {int(gid) for gid in value.split()}
    command = host.read(f"/proc/{pid}/cmdline") or ""
    return Process(
        pid=pid,
        parent=int(fields[1]),
        name=name,
        argv=tuple(command.rstrip("\0").split("\0")),
        uid=uid,
        groups=groups,
        started=boot + int(fields[19]) / HERTZ,
    )


def may(process: Process, mode: int, uid: int, gid: int, bits: int) -> bool:
    """Return whether a process may do this with a file: 4 read, 2 write, 1 execute.

    Root may read and write all; access control lists are not looked at.
    """
    if process.uid == 0:
        return True
    if process.uid == uid:
        return (mode >> 6) & bits == bits
    if gid in process.groups:
        return (mode >> 3) & bits == bits
    return mode & bits == bits
