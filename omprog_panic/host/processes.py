"""Running processes, from /proc (man 5 proc)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from omprog_panic.host.machine import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.host.machine import Machine

HERTZ = 100  # USER_HZ, the unit of times in /proc; 100 on every Linux of today


@dataclasses.dataclass(frozen=True, slots=True)
class Process:
    """One running process."""

    pid: int
    parent: int
    name: str  # at most 15 characters: TASK_COMM_LEN
    argv: tuple[str, ...]
    uid: int  # effective
    groups: frozenset[int]
    started: float  # Unix seconds, exact to a second
    is_stopped: bool = False  # by SIGSTOP or a debugger


def list_processes(machine: Machine) -> Iterator[Process]:
    """Return every process that this user may look at."""
    boot = _boot_time(machine)
    for name in machine.names("/proc") or ():
        if name.isdigit() and (found := _read(machine, int(name), boot)) is not None:
            yield found


def _boot_time(machine: Machine) -> float:
    for line in (machine.read("/proc/stat") or "").splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return 0.0


def _read(machine: Machine, pid: int, boot: float) -> Process | None:
    try:
        line = machine.read(f"/proc/{pid}/stat") or ""
        status = machine.read(f"/proc/{pid}/status") or ""
        command = machine.read(f"/proc/{pid}/cmdline") or ""
    except UnreadableError:
        return None  # hidden by hidepid=
    # "pid (name) state ppid ...": the name may contain blanks and parentheses.
    name, _, rest = line.partition("(")[2].rpartition(")")
    fields = rest.split()
    if len(fields) < 20 or fields[0] == "Z":
        return None  # or it has ended, and its parent has not noticed
    uid, groups = 0, frozenset[int]()
    for row in status.splitlines():
        key, _, value = row.partition(":")
        if key == "Uid":
            uid = int(value.split()[1])
        elif key in {"Gid", "Groups"}:
            groups |= {int(gid) for gid in value.split()}
    return Process(
        pid=pid,
        parent=int(fields[1]),
        name=name,
        argv=tuple(command.rstrip("\0").split("\0")),
        uid=uid,
        groups=groups,
        started=boot + int(fields[19]) / HERTZ,
        is_stopped=fields[0] in {"T", "t"},
    )


CAP_NET_ADMIN = 12  # linux/capability.h


def root_lacks(machine: Machine, capability: int) -> bool:
    """Return whether this is root without a capability, as in many containers."""
    rows = dict(
        line.split(":", 1)
        for line in (machine.read("/proc/self/status") or "").splitlines()
        if ":" in line
    )
    is_root = rows.get("Uid", "").split()[1:2] == ["0"]
    held = int(rows.get("CapEff", "0").strip() or "0", 16)
    return is_root and not held >> capability & 1


def may_access(process: Process, mode: int, uid: int, gid: int, bits: int) -> bool:
    """Return whether the permission bits of a file let a process access it.

    ``bits``: 4 read, 2 write, 1 execute. Root may do everything; access control lists
    are not considered.
    """
    if process.uid == 0:
        return True
    if process.uid == uid:
        return (mode >> 6) & bits == bits
    if gid in process.groups:
        return (mode >> 3) & bits == bits
    return mode & bits == bits
