"""Restart rsyslogd after an upgrade, if needed: the program ``rsyslog-restart``.

rsyslogd receives nothing while it restarts, and in the basic format of netconsole a
lost record cannot even be noticed. So it is restarted only if its rules or the
collector changed, and not while a trace comes in.
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

from omprog_panic.clock import SystemClock
from omprog_panic.host.local import LocalMachine
from omprog_panic.host.services import ServiceError, invocation_id, is_active, restart
from omprog_panic.rsyslog.daemon import UNIT
from omprog_panic.rsyslog.dropin import (
    COLLECTOR,
    DROP_IN,
    ETC,
    FILTER_FILE,
    PROGRAM,
    SHARE,
    STATE,
    SWITCH,
    SWITCH_514,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.clock import Clock
    from omprog_panic.host.machine import Machine

MARK = "/run/omprog-panic/rsyslogd-code"
"""Which start of rsyslogd noted this, and the digest of what it was started with.

systemd names each start of a unit (``INVOCATION_ID``). A note of an earlier start says
nothing of the running rsyslogd: it may have been started while the package was removed.
"""
JOURNAL = f"{STATE}/journal"
QUIET_S = 12.0  # longer than the silence that ends a trace (10 s)
MAX_WAIT_S = 60.0
_PACKAGES = ("", "/collector", "/netconsole", "/kernel", "/spool")
VALUES = ("address", "port", "listen", "load-imudp", "load-omprog")
"""What rsyslogd reads at its start only; it reads senders.json at a HUP."""
FILES = (
    f"{SHARE}/rsyslog.conf",
    f"{SHARE}/rsyslog-514.conf",
    COLLECTOR,
    PROGRAM,
    # Without these rsyslogd was started without our rules.
    DROP_IN,
    FILTER_FILE,
    f"{ETC}/rsyslog/{SWITCH}",
    f"{ETC}/rsyslog/{SWITCH_514}",
    *(f"{ETC}/rsyslog/{name}" for name in VALUES),
)


def code_digest(machine: Machine) -> str:
    """Return a digest of the rules and of everything that the collector runs."""
    found = hashlib.sha256()
    for path in sorted((*FILES, *_modules(machine))):
        text = machine.read(path)
        found.update(f"{path}\0{text}\0".encode("utf-8", "replace"))
    return found.hexdigest()


def _modules(machine: Machine) -> Iterator[str]:
    for package in _PACKAGES:
        folder = f"{SHARE}/omprog_panic{package}"
        for name in machine.names(folder) or ():
            if name.endswith(".py"):
                yield f"{folder}/{name}"


def write_mark(machine: Machine, start: str) -> None:
    """Note what rsyslogd is about to be started with.

    Args:
        machine: where it is started.
        start: the ``INVOCATION_ID`` that systemd gave this start.

    Raises:
        OSError, UnreadableError: a file cannot be read or written.

    """
    machine.write(MARK, f"{start} {code_digest(machine)}")


def runs_installed_code(machine: Machine) -> bool | None:
    """Return whether rsyslogd was started with the rules and collector of now.

    None: it is not known with what it was started.
    """
    start, _, digest = (machine.read(MARK) or "").partition(" ")
    if start == "" or start != invocation_id(machine, UNIT):
        return None
    return digest == code_digest(machine)


def restart_if_changed(machine: Machine, clock: Clock) -> str:
    """Restart rsyslogd if it was started with other code; return what was done.

    Raises:
        ServiceError: rsyslogd does not start.

    """
    if not is_active(machine, UNIT):
        return "rsyslogd is not running, and was not restarted"
    is_same = runs_installed_code(machine)
    if is_same:
        return "rsyslogd was not restarted: its rules and the collector did not change"
    waited = _wait_for_quiet(machine, clock)
    restart(machine, UNIT)
    if is_same is None:
        return "rsyslogd was restarted"
    after = f", {waited:.0f} s later, when no trace came in" if waited else ""
    return f"rsyslogd was restarted{after}: its rules or the collector changed"


def _wait_for_quiet(machine: Machine, clock: Clock) -> float:
    """Wait until nothing was heard for a while; return the seconds."""
    began = clock.monotonic()
    waited = 0.0
    while waited < MAX_WAIT_S and clock.wall() - _last_heard(machine) < QUIET_S:
        machine.run("sleep", "1")
        waited = clock.monotonic() - began
    return waited


def _last_heard(machine: Machine) -> float:
    found = [
        status.changed
        for name in machine.names(JOURNAL) or ()
        if (status := machine.status(f"{JOURNAL}/{name}")) is not None
    ]
    return max(found, default=0.0)


def main() -> int:
    """Restart rsyslogd of this machine if that is necessary."""
    try:
        said = restart_if_changed(LocalMachine(), SystemClock())
    except ServiceError as error:
        sys.stderr.write(f"omprog-panic: {error}\n")
        return 1
    sys.stdout.write(f"omprog-panic: {said}\n")
    return 0
