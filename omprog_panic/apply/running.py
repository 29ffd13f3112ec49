"""Whether the running rsyslogd does what its files say. Changes nothing.

Files that are right prove little: a restored backup, or an edit without a restart,
leaves rsyslogd with the sockets and rules of its start. So sockets are compared with
the configuration, and files with the start of rsyslogd, by the time of the last change
of any kind (ctime), which neither tar nor rsync can set back.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.host.machine import UnreadableError
from omprog_panic.host.processes import list_processes
from omprog_panic.host.sockets import socket_owners, udp_sockets
from omprog_panic.rsyslog.daemon import HUP_MARK, MAIN_FILE
from omprog_panic.rsyslog.dropin import ETC, FILTER_FILE, SHARE, SWITCH
from omprog_panic.rsyslog.host_config import read_statements
from omprog_panic.rsyslog.queue import read_queue, stale_files, work_folder
from omprog_panic.rsyslog.switches import DROP_IN, REASON
from omprog_panic.rsyslog.upgrade import runs_installed_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omprog_panic.config.model import Reception
    from omprog_panic.host.machine import Machine
    from omprog_panic.host.processes import Process
    from omprog_panic.host.sockets import UdpSocket
    from omprog_panic.rsyslog.host_config import RsyslogStatement

RULES = f"{SHARE}/rsyslog.conf"
OUR_FILES = frozenset(
    {
        RULES,
        DROP_IN,
        *(f"{ETC}/rsyslog/{name}" for name in ("address", "port", "listen", SWITCH)),
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
    processes = list(list_processes(machine))
    daemon = find_rsyslogd(machine, processes)
    if daemon is None:
        return [Difference("rsyslogd is not running", needs_restart=True)]
    return [
        *_sockets(reception, machine, daemon),
        *_rules(machine, daemon),
        *_collector(processes, daemon),
        *_queue(machine, daemon),
        *_tables(machine, daemon),
    ]


def _sockets(
    reception: Reception, machine: Machine, daemon: Process
) -> Iterator[Difference]:
    off = _what_is_off(machine)
    if off or not _is_on(machine):
        yield from off
        return
    wanted = reception.receive.address if reception.senders else "127.0.0.1"
    port = reception.receive.port
    sockets = [found for found in udp_sockets(machine) if found.port == port]
    owners = socket_owners(machine, sockets)
    bound = {
        found.address for found in sockets if _is_of(machine, daemon, found, owners)
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


def _is_on(machine: Machine) -> bool:
    rules = machine.read(f"{ETC}/rsyslog/{SWITCH}") or ""
    return "include" in rules and machine.read(f"{ETC}/rsyslog/listen") == "on"


def _what_is_off(machine: Machine) -> list[Difference]:
    """Return what is switched off although nothing says why."""
    if machine.read(f"{ETC}/rsyslog/{REASON}"):
        return []  # `status` reports the reason
    if "include" not in (machine.read(f"{ETC}/rsyslog/{SWITCH}") or ""):
        return [Difference(f"our rules are off ({ETC}/rsyslog/{SWITCH})", True)]
    listens = machine.read(f"{ETC}/rsyslog/listen") == "on"
    # With a filter for a shared port, the host's own input receives.
    if not listens and machine.status(FILTER_FILE) is None:
        return [Difference(f"our input is off ({ETC}/rsyslog/listen)", True)]
    return []


def _is_of(
    machine: Machine, daemon: Process, socket: UdpSocket, owners: dict[int, int]
) -> bool:
    """Return whether rsyslogd has a socket; without rights, whether its user has."""
    if socket.inode in owners:
        return owners[socket.inode] == daemon.pid
    try:
        machine.names(f"/proc/{daemon.pid}/fd")
    except UnreadableError:
        return socket.uid in {daemon.uid, 0}  # it may have been root at its start
    return False  # all of its sockets were seen


def foreign_receivers(
    machine: Machine, processes: Iterable[Process], daemon: Process, port: int
) -> list[int]:
    """Return the PIDs of other processes that have a UDP port open.

    Of several sockets on one address, the last one gets all datagrams. A program that
    rsyslogd starts has its sockets for a moment.
    """
    children = {process.pid for process in processes if process.parent == daemon.pid}
    sockets = [found for found in udp_sockets(machine) if found.port == port]
    owners = socket_owners(machine, sockets)
    return sorted(set(owners.values()) - {daemon.pid} - children)


def _rules(machine: Machine, daemon: Process) -> Iterator[Difference]:
    """Compare the rules and the collector with those that rsyslogd started with.

    By content, if that was noted at its start: an upgrade that changes nothing writes
    the same files anew.
    """
    is_same = runs_installed_code(machine)
    if is_same is None:
        for file in changed_since_start(machine, daemon, OUR_FILES):
            text = f"rsyslogd was started before {file} changed"
            yield Difference(text, needs_restart=True)
    elif not is_same:
        text = "rsyslogd was started with other rules, or another collector"
        yield Difference(text, needs_restart=True)


def find_collector(processes: Iterable[Process], daemon: Process) -> Process | None:
    """Return the collector that rsyslogd has started."""
    for process in processes:
        words = " ".join(process.argv)
        if process.parent == daemon.pid and "omprog-panic-collector" in words:
            return process
    return None


def _collector(processes: list[Process], daemon: Process) -> Iterator[Difference]:
    found = find_collector(processes, daemon)
    if found is not None and found.is_stopped:
        text = f"the collector (PID {found.pid}) is stopped by a signal"
        yield Difference(text, needs_restart=True)


def _queue(machine: Machine, daemon: Process) -> Iterator[Difference]:
    """Look for queue files that rsyslogd ignores; they are replayed at its start."""
    try:
        queue = read_queue(machine, work_folder(read_statements(machine)))
        stale = stale_files(machine, queue, daemon.started)
    except UnreadableError:
        return  # a matter for root: `doctor` says that it is unknown
    if stale:
        text = f"{queue.fault}: rsyslogd will not deliver {', '.join(stale[:5])}"
        yield Difference(text, needs_restart=True)


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
