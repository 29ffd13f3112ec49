"""Whether the running rsyslogd does what its files say. Changes nothing.

Files that are right prove little: a restored backup, or an edit without a restart,
leaves rsyslogd with the sockets and rules of its start. So sockets are compared with
the configuration, and files with the start of rsyslogd, by the time of the last change
of any kind (ctime), which neither tar nor rsync can set back.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.host.processes import list_processes
from omprog_panic.host.sockets import socket_owners, udp_sockets
from omprog_panic.rsyslog.daemon import HUP_MARK, MAIN_FILE
from omprog_panic.rsyslog.dropin import ETC, SHARE
from omprog_panic.rsyslog.switches import DROP_IN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omprog_panic.config.model import Reception
    from omprog_panic.host.machine import Machine
    from omprog_panic.host.processes import Process
    from omprog_panic.rsyslog.host_config import RsyslogStatement

RULES = f"{SHARE}/rsyslog.conf"
OUR_FILES = frozenset(
    {
        RULES,
        DROP_IN,
        *(f"{ETC}/rsyslog/{name}" for name in ("address", "port", "listen")),
    }
)
"""What rsyslogd reads of ours at its start only."""
SENDERS_TABLE = f"{ETC}/rsyslog/senders.json"
CLOCK_TICK_S = 1.0  # the start of a process is known only to the second
PID_FILE = "/run/rsyslogd.pid"


class Difference(NamedTuple):
    """What rsyslogd does otherwise; a HUP is enough unless it needs a restart."""

    text: str
    needs_restart: bool


def find_rsyslogd(machine: Machine, processes: list[Process]) -> Process | None:
    """Return the rsyslogd of the service; those of containers may run beside it."""
    found = [process for process in processes if process.name == "rsyslogd"]
    pid = (machine.read(PID_FILE) or "").strip()
    by_file = [process for process in found if str(process.pid) == pid]
    ordered = by_file or sorted(found, key=lambda process: process.pid)
    return next(iter(ordered), None)


def find_alerter(processes: Iterable[Process]) -> Process | None:
    """Return the running alerter."""
    for process in processes:
        if "alerter" in process.argv and any(
            word.rpartition("/")[2] == "omprog-panic" for word in process.argv
        ):
            return process
    return None


def running_differences(reception: Reception, machine: Machine) -> list[Difference]:
    """Compare the running rsyslogd with its files and with config.yaml.

    Raises:
        UnreadableError: this user may not look.

    """
    daemon = find_rsyslogd(machine, list(list_processes(machine)))
    if daemon is None:
        return [Difference("rsyslogd is not running", needs_restart=True)]
    return [
        *_sockets(reception, machine, daemon),
        *(
            Difference(f"rsyslogd was started before {file} changed", True)
            for file in changed_since_start(machine, daemon, OUR_FILES)
        ),
        *_tables(machine, daemon),
    ]


def _sockets(
    reception: Reception, machine: Machine, daemon: Process
) -> Iterator[Difference]:
    if machine.read(f"{ETC}/rsyslog/listen") != "on":
        return  # the host's own input receives, or nothing was applied yet
    if "include" not in (machine.read(f"{ETC}/rsyslog/rules.conf") or ""):
        return  # switched off: the file "reason" says why
    wanted = reception.receive.address if reception.senders else "127.0.0.1"
    port = reception.receive.port
    sockets = [found for found in udp_sockets(machine) if found.port == port]
    owners = socket_owners(machine, sockets)
    # Only root sees the owners; without them every socket counts.
    bound = {
        found.address
        for found in sockets
        if owners.get(found.inode, daemon.pid) == daemon.pid
    }
    address = "0.0.0.0" if wanted == "*" else str(ipaddress.ip_address(wanted))  # noqa: S104
    if address not in bound:
        where = ", ".join(sorted(bound)) or "nowhere"
        yield Difference(
            f"rsyslogd does not receive on {address}, UDP port {port}, but {where}",
            needs_restart=True,
        )


def changed_since_start(
    machine: Machine, daemon: Process, files: Iterable[str]
) -> list[str]:
    """Return those of the files that changed after the start of rsyslogd."""
    return [file for file in sorted(files) if _changed(machine, file) > _start(daemon)]


def all_files(statements: Iterable[RsyslogStatement]) -> set[str]:
    """Return the files of the whole configuration of rsyslogd, the host's as well."""
    return {MAIN_FILE, *OUR_FILES, *(statement.file for statement in statements)}


def _tables(machine: Machine, daemon: Process) -> Iterator[Difference]:
    """Compare the table of senders with its last load: at the start or at a HUP."""
    loaded = max(_start(daemon), _changed(machine, HUP_MARK))
    if _changed(machine, SENDERS_TABLE) > loaded:
        yield Difference(
            f"rsyslogd has not loaded {SENDERS_TABLE} since it changed",
            needs_restart=False,
        )


def _start(daemon: Process) -> float:
    return daemon.started + CLOCK_TICK_S


def _changed(machine: Machine, path: str) -> float:
    status = machine.status(path)
    return status.changed if status is not None else 0.0
