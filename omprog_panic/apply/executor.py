"""Carry out a plan: check everything, change everything, or restore the old state."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.apply.plan import (
    FIREWALL,
    Plan,
    is_received_by_others,
    make_plan,
    wanted_files,
)
from omprog_panic.apply.running import Difference, running_differences
from omprog_panic.errors import OmprogPanicError
from omprog_panic.firewall.iptables import PROGRAMS, usable_families
from omprog_panic.firewall.rules import admissions, chain_rules, jump
from omprog_panic.firewall.saved import transaction
from omprog_panic.host import services
from omprog_panic.host.machine import UnreadableError
from omprog_panic.rsyslog import daemon
from omprog_panic.rsyslog.dropin import ETC
from omprog_panic.rsyslog.host_config import read_statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.config.model import PublicConfig, Reception
    from omprog_panic.firewall.iptables import Iptables
    from omprog_panic.firewall.saved import SavedRules
    from omprog_panic.host.machine import Machine

ALERTER_UNIT = "omprog-panic-alerter"
MAX_TABLED_HOSTS = 4096  # of one network, in the lookup table of the filter
VALUES_TIMEOUT_S = 90.0
RUNNING_CHECKS = 20  # four a second, after rsyslogd was restarted


class ApplyError(OmprogPanicError):
    """A step that failed; the message says what was restored."""


class CompletedStep(NamedTuple):
    """What was done, and how to undo it."""

    name: str
    undo: Callable[[], None]


def is_installed(machine: Machine) -> bool:
    """Return whether the package is installed on this machine."""
    return bool(machine.names(f"{ETC}/rsyslog"))


def plan_for(reception: Reception, machine: Machine) -> Plan:
    """Compare the files of this machine with config.yaml.

    Raises:
        ApplyError: config.yaml asks for something that is not possible here.
        UnreadableError: a file cannot be read.

    """
    filtered = is_received_by_others(
        [
            statement
            for statement in read_statements(machine)
            if "omprog-panic" not in statement.file
        ],
        reception.receive.port,
    )
    saved_rules = machine.names(FIREWALL) or ()
    firewall = any(name.startswith("rules.v") for name in saved_rules)
    wanted = wanted_files(reception, filtered=filtered, firewall=firewall)
    if filtered and reception.senders:
        _check_filter(reception)
    plan = make_plan(wanted, machine.read)
    if plan.restarts:
        return plan  # rsyslogd restarts anyway, with other files
    differences = tuple(running_differences(reception, machine))
    return dataclasses.replace(plan, differences=differences)


def _check_filter(reception: Reception) -> None:
    for sender in reception.senders:
        for network in sender.networks:
            if network.num_addresses > MAX_TABLED_HOSTS:
                raise ApplyError(
                    f"{sender.name} ({network}): on a port that rsyslogd already"
                    " receives on, the filter lists single hosts: list smaller"
                    " networks, or give the senders a port of their own (receive.port)"
                )


def check_plan(plan: Plan, reception: Reception, machine: Machine) -> list[str]:
    """Let rsyslogd and iptables check the plan; nothing changes.

    Return notices for the administrator.

    Raises:
        ApplyError, FirewallError: one of them refuses it.

    """
    notices = []
    files = {change.path: change.new for change in plan.changes}
    errors = daemon.validate_with(machine, files) if files else []
    if errors is None:
        notices.append(
            "rsyslogd could not check the new files beforehand"
            " (no mount namespaces here)"
        )
    elif errors:
        new = sorted(set(errors) - set(daemon.validate(machine) or ()))
        if new:
            raise ApplyError(f"rsyslogd refuses this: {new[0]}; nothing was changed")
    if plan.touches_firewall:
        usable, why_not = usable_families(machine)
        if why_not:
            notices.append(f"{PROGRAMS[6]} is left out: {why_not}")
        for iptables in usable:
            text = _transaction(reception, iptables.read(), iptables.family)
            if text is not None:
                iptables.test(text)
    return notices


def execute_plan(
    plan: Plan, reception: Reception, machine: Machine, *, alerter: bool
) -> list[str]:
    """Carry out the plan and return what was done.

    ``alerter``: its configuration is complete, so it is reloaded as well.

    Raises:
        ApplyError: a step failed; the old state is restored, as far as possible.

    """
    done: list[CompletedStep] = []
    try:
        _write_files(plan, machine, done)
        _restart_rsyslogd(plan, machine, done)
        _check_running(reception, machine)
        _change_firewall(plan, reception, machine, done)
        if alerter:
            services.reload_or_restart(machine, ALERTER_UNIT)
            done.append(CompletedStep("alerter reloaded", lambda: None))
    except (OmprogPanicError, OSError) as error:
        left = _undo(done)
        what = f"could not be restored: {left}" if left else "the old state is restored"
        raise ApplyError(f"{error}; {what}") from error
    return [step.name for step in done]


def _write_files(plan: Plan, machine: Machine, done: list[CompletedStep]) -> None:
    def undo() -> None:
        for change in reversed(plan.changes):
            _write(machine, change.path, change.old)
        _set_values(machine)

    if plan.changes:
        done.append(CompletedStep(f"{len(plan.changes)} files written", undo))
    for change in plan.changes:
        _write(machine, change.path, change.new)
    _set_values(machine)


def _write(machine: Machine, path: str, text: str | None) -> None:
    if text is None:
        machine.delete(path)
    else:
        machine.write(path, text)


def _set_values(machine: Machine) -> None:
    """Let ``rsyslog-values`` look again at what the host's own files load."""
    result = machine.run(daemon.VALUES_PROGRAM, timeout_s=VALUES_TIMEOUT_S)
    if not result.succeeded:
        raise ApplyError(result.failure())


def _restart_rsyslogd(plan: Plan, machine: Machine, done: list[CompletedStep]) -> None:
    if plan.restarts:
        name, act = "rsyslogd restarted", services.restart
    elif not plan.is_empty:
        name, act = "rsyslogd has reloaded its tables", services.send_hup
    else:
        return

    def restart() -> None:
        act(machine, daemon.UNIT)
        if not plan.restarts:
            machine.write(daemon.HUP_MARK, "")

    # Steps are undone from the last to the first. Inserted first, this one is undone
    # last: rsyslogd restarts once the old files are back in place.
    done.insert(0, CompletedStep(name, restart))
    restart()


def _check_running(reception: Reception, machine: Machine) -> None:
    """Wait until rsyslogd does what config.yaml says.

    Raises:
        ApplyError: it does not.

    """
    left: list[Difference] = []
    for _ in range(RUNNING_CHECKS):
        left = running_differences(reception, machine)
        if not left:
            return
        machine.run("sleep", "0.25")
    raise ApplyError(f"after the change, {left[0].text}")


def _change_firewall(
    plan: Plan, reception: Reception, machine: Machine, done: list[CompletedStep]
) -> None:
    if not plan.touches_firewall:
        return
    for iptables in usable_families(machine)[0]:
        before = iptables.read()
        text = _transaction(reception, before, iptables.family)
        if text is not None:
            iptables.restore(text)
            undo = _firewall_undo(iptables, before, jump(reception.receive.port))
            done.append(CompletedStep(f"{iptables.name} rules replaced", undo))


def _firewall_undo(
    iptables: Iptables, before: SavedRules, default_jump: str
) -> Callable[[], None]:
    def undo() -> None:
        old_jump = before.jumps[0] if before.jumps else default_jump
        text = transaction(iptables.read(), list(before.ours), old_jump)
        if text is not None:
            iptables.restore(text)

    return undo


def _transaction(reception: Reception, saved: SavedRules, family: int) -> str | None:
    admitted = admissions(reception.senders)
    rules = chain_rules(family, admitted)
    return transaction(saved, rules, jump(reception.receive.port))


def _undo(done: list[CompletedStep]) -> str:
    """Undo from the last step to the first; return what could not be undone."""
    left = []
    for step in reversed(done):
        try:
            step.undo()
        except (OmprogPanicError, OSError) as error:
            left.append(f"{step.name} ({error})")
    return ", ".join(left)


def is_applicable(machine: Machine, config: PublicConfig) -> bool:
    """Return whether ``omprog-panic apply`` puts this configuration into effect here.

    False for a file elsewhere than in /etc, and for a fresh installation.
    """
    if str(config.file.absolute().parent) != ETC:
        return False  # only this one can be applied
    return bool(config.senders) and is_installed(machine)


def unapplied_files(reception: Reception, machine: Machine) -> list[str]:
    """Return the files that differ from config.yaml, or why they cannot be compared."""
    try:
        return [change.path for change in plan_for(reception, machine).changes]
    except (ApplyError, UnreadableError) as error:
        return [str(error)]
