"""Decide which parts of the shipped rules are on: the program ``rsyslog-values``.

It runs when the package is configured, before each start of rsyslogd and in
``omprog-panic apply``, with the standard library alone, so that no other package can
break it. It finds out which modules the host's own files load, writes the values that
depend on that, and lets rsyslogd check the result. If our rules add errors, they are
switched off: the host's own logging comes first.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import TYPE_CHECKING

from omprog_panic.host.local import LocalMachine
from omprog_panic.host.machine import UnreadableError
from omprog_panic.rsyslog import dropin
from omprog_panic.rsyslog.daemon import MAIN_FILE, validate
from omprog_panic.rsyslog.host_config import module_loads, read_statements
from omprog_panic.rsyslog.queue import salvage
from omprog_panic.rsyslog.upgrade import write_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omprog_panic.host.machine import Machine
    from omprog_panic.rsyslog.host_config import RsyslogStatement

DROP_IN = dropin.DROP_IN
FOLDER = f"{dropin.ETC}/rsyslog"
REASON = "reason"  # the file that says why the rules are not, or not fully, active
_MARK = 'module(load="omprog-panic")'
_EFFECTS = {"imudp": "cannot listen", "omprog": "are off"}
"""What happens to our rules if a module is loaded only after them."""


class _WithoutOurRules:
    """The files of a machine, with a mark where rsyslogd reads our rules."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def read(self, path: str) -> str | None:
        return _MARK if path == DROP_IN else self._machine.read(path)

    def names(self, folder: str) -> list[str] | None:
        return self._machine.names(folder)


@dataclasses.dataclass(frozen=True, slots=True)
class Switches:
    """What is on; ``reasons`` are sentences for the administrator."""

    load_imudp: bool = True
    load_omprog: bool = True
    listen: bool = True
    active: bool = True
    reasons: tuple[str, ...] = ()

    def files(self) -> dict[str, str]:
        """Return the value files, by name; the switch of the rules comes last."""
        values = dropin.Values(
            load_imudp=self.load_imudp,
            load_omprog=self.load_omprog,
            listen=self.listen,
            active=self.active,
        )
        wanted = dropin.value_files(values)
        switches = (dropin.SWITCH_514, dropin.SWITCH)
        names = ("load-imudp", "load-omprog", "listen", *switches)
        return {name: wanted[name] for name in names}


def detect_switches(machine: Machine) -> Switches:
    """Decide by the host's own rsyslog files alone."""
    statements = read_statements(_WithoutOurRules(machine))
    order = {id(statement): at for at, statement in enumerate(statements)}
    here = next((order[id(s)] for s in module_loads(statements, "omprog-panic")), None)
    reasons = []
    if here is None:
        here = len(statements)
        reasons.append(
            f"{MAIN_FILE} does not include {DROP_IN}: add "
            '`include(file="/etc/rsyslog.d/*.conf" mode="optional")`'
        )
    late = {}
    for module, effect in _EFFECTS.items():
        found = module_loads(statements, module)
        if found and all(order[id(load)] > here for load in found):
            late[module] = found[0]
            reasons.append(
                f"{found[0].where} loads {module} after our rules, which therefore "
                f"{effect}: move that line above the include of {DROP_IN}"
            )
    return Switches(
        load_imudp=not module_loads(statements, "imudp"),
        load_omprog=not module_loads(statements, "omprog"),
        # With the filter for a shared port there is no port to open.
        listen="imudp" not in late and not uses_filter(statements),
        active="omprog" not in late,
        reasons=tuple(reasons),
    )


def uses_filter(statements: list[RsyslogStatement]) -> bool:
    """Return whether our records are filtered out of the host's own UDP input."""
    return any(
        statement.values.get("name") == dropin.FILTER_TABLE for statement in statements
    )


def write_switches(
    machine: Machine, switches: Switches, check: Callable[[], list[str] | None]
) -> Switches:
    """Write the values, have them checked, and return what is on now.

    ``check`` is ``daemon.validate``: it returns rsyslogd's errors, or None if rsyslogd
    cannot be run; then the host's files alone decide.

    Raises:
        OSError: the values cannot be written.

    """
    _write_missing(machine)
    _write(machine, switches.files())
    if switches.active and (errors := check()):
        switches = _corrected(switches, errors)
        _write(machine, switches.files())
        switches = _kept_or_off(machine, switches, check)
    _write(machine, {REASON: "".join(f"{reason}\n" for reason in switches.reasons)})
    return switches


def _corrected(switches: Switches, errors: list[str]) -> Switches:
    """Trust rsyslogd: a module may be loaded in a file that we could not read."""
    text = "\n".join(errors)
    if "'imudp' already" in text:
        switches = dataclasses.replace(switches, load_imudp=False)
    if "'omprog' already" in text:
        switches = dataclasses.replace(switches, load_omprog=False)
    return switches


def _kept_or_off(
    machine: Machine, switches: Switches, check: Callable[[], list[str] | None]
) -> Switches:
    """Switch the rules off if they cause errors that are not there without them."""
    with_us = check()
    _write(machine, dataclasses.replace(switches, active=False).files())
    without_us = check()
    if with_us is None or without_us is None or not set(with_us) - set(without_us):
        _write(machine, switches.files())
        return switches
    new = next(line for line in with_us if line not in without_us)
    reason = f"rsyslogd refuses our rules, which are therefore off: {new}"
    return dataclasses.replace(
        switches, active=False, reasons=(*switches.reasons, reason)
    )


def _write_missing(machine: Machine) -> None:
    """Write the values of a fresh host where ``omprog-panic apply`` wrote none yet."""
    fresh = dropin.value_files(dropin.Values())
    for name in ("address", "port", "senders.json"):
        if machine.status(f"{FOLDER}/{name}") is None:
            _write(machine, {name: fresh[name]})


def _write(machine: Machine, contents: Mapping[str, str]) -> None:
    """Replace each file whose content differs."""
    for name, content in contents.items():
        path = f"{FOLDER}/{name}"
        if machine.read(path) != content:
            machine.write(path, content)


def _before_start(machine: Machine) -> None:
    """Replay a queue that rsyslogd could not read, and note what it starts with."""
    found = salvage(machine, read_statements(machine))
    if found is not None:
        sys.stderr.write(f"omprog-panic: {found.sentence()}\n")
    write_mark(machine, os.environ.get("INVOCATION_ID", ""))


def main() -> int:
    """Write the switches of this machine.

    ``--starting``: rsyslogd is about to start: note with what, and replay a queue
    that it could not read. Exit code 0 also if the rules are off: standard error has
    the reasons.
    """
    machine = LocalMachine()
    try:
        switches = write_switches(
            machine, detect_switches(machine), lambda: validate(machine)
        )
        if "--starting" in sys.argv[1:]:
            _before_start(machine)
    except (OSError, UnreadableError) as error:
        sys.stderr.write(f"omprog-panic: {error}\n")
        return os.EX_CANTCREAT
    for reason in switches.reasons:
        sys.stderr.write(f"omprog-panic: {reason}\n")
    return 0
