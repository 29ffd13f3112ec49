"""The steps of ``apply``: check all, change all, or put everything back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.apply.machine import ApplyError
from omprog_panic.apply.plan import (
    FIREWALL,
    Plan,
    is_received_by_others,
    make_plan,
    wanted_files,
)
from omprog_panic.errors import OmprogPanicError
from omprog_panic.firewall.rules import FAMILIES, admissions, chain_rules, jump
from omprog_panic.firewall.saved import transaction
from omprog_panic.rsyslog.host_config import read_statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.apply.machine import Machine
    from omprog_panic.config.model import Reception
    from omprog_panic.firewall.saved import Saved


class Step:
    """What was done, and how it is undone."""

    def __init__(self, name: str, undo: Callable[[], None]) -> None:
        self.name = name
        self.undo = undo


def plan_for(reception: Reception, machine: Machine) -> Plan:
    """Find out what differs from config.yaml.

    Raises:
        ApplyError: what config.yaml asks for cannot be had.

    """
    filtered = is_received_by_others(
        [
            statement
            for statement in read_statements(machine)
            if "omprog-panic" not in statement.file
        ],
        reception.receive.port,
    )
    firewall = any(name.startswith("rules.v") for name in machine.names(FIREWALL))
    wanted = wanted_files(reception, filtered=filtered, firewall=firewall)
    if filtered and reception.senders:
        _check_filter(reception)
    return make_plan(wanted, machine.read)


def _check_filter(reception: Reception) -> None:
    for sender in reception.senders:
        for network in sender.networks:
            if network.num_addresses > 4096:
                raise ApplyError(
                    f"{sender.name} ({network}): the filter for a port that is open"
                    " already knows single hosts only; list smaller networks, or give"
                    " the senders a port of their own (receive.port)"
                )


def check(plan: Plan, reception: Reception, machine: Machine) -> list[str]:
    """Have rsyslogd and iptables judge the plan; nothing changes.

    Gives notices for the administrator.

    Raises:
        ApplyError, FirewallError: one of them refuses it.

    """
    notices = []
    files = {change.path: change.new for change in plan.changes}
    complaints = machine.rehearse(files) if files else []
    if complaints is None:
        notices.append("rsyslogd could not be asked beforehand (no mount namespaces)")
    elif complaints:
        new = sorted(set(complaints) - set(machine.complaints()))
        if new:
            raise ApplyError(f"rsyslogd refuses this: {new[0]}; nothing was changed")
    if plan.touches_firewall:
        for family in FAMILIES:
            iptables = machine.iptables(family)
            text = _transaction(reception, iptables.read(), family)
            if text is not None:
                iptables.test(text)
    return notices


def perform(
    plan: Plan, reception: Reception, machine: Machine, *, alerter: bool
) -> list[str]:
    """Do it; give what was done. ``alerter``: it can run, and is told.

    Raises:
        ApplyError: a step failed; everything is as it was before.

    """
    done: list[Step] = []
    try:
        _write(plan, machine, done)
        _restart(plan, machine, done)
        _firewall(plan, reception, machine, done)
        if alerter:
            machine.reload_alerter()
            done.append(Step("alerter reloaded", lambda: None))
    except (OmprogPanicError, OSError) as error:
        left = _put_back(done)
        what = "everything was put back" if not left else f"not put back: {left}"
        raise ApplyError(f"{error}; {what}") from error
    return [step.name for step in done]


def _write(plan: Plan, machine: Machine, done: list[Step]) -> None:
    def put_back() -> None:
        for change in reversed(plan.changes):
            machine.write(change.path, change.old)
        machine.fit()

    if plan.changes:
        done.append(Step(f"{len(plan.changes)} files written", put_back))
    for change in plan.changes:
        machine.write(change.path, change.new)
    machine.fit()


def _restart(plan: Plan, machine: Machine, done: list[Step]) -> None:
    if plan.restarts:
        # The files are put back before: undoing goes from the last step to the first,
        # so the restart is undone by the step that stands first.
        done.insert(0, Step("rsyslogd restarted", machine.restart_rsyslog))
        machine.restart_rsyslog()
    elif plan.changes:
        done.insert(0, Step("rsyslogd told to read its tables", machine.hup_rsyslog))
        machine.hup_rsyslog()


def _firewall(
    plan: Plan, reception: Reception, machine: Machine, done: list[Step]
) -> None:
    if not plan.touches_firewall:
        return
    for family in FAMILIES:
        iptables = machine.iptables(family)
        before = iptables.read()
        text = _transaction(reception, before, family)
        if text is not None:
            iptables.restore(text)
            undo = _firewall_undo(machine, family, before, jump(reception.receive.port))
            done.append(Step(f"{iptables.name} rules replaced", undo))


def _firewall_undo(
    machine: Machine, family: int, before: Saved, first: str
) -> Callable[[], None]:
    def undo() -> None:
        iptables = machine.iptables(family)
        at = before.jumps[0] if before.jumps else first
        text = transaction(iptables.read(), list(before.ours), at)
        if text is not None:
            iptables.restore(text)

    return undo


def _transaction(reception: Reception, saved: Saved, family: int) -> str | None:
    admitted = admissions(reception.senders)
    rules = chain_rules(family, admitted)
    return transaction(saved, rules, jump(reception.receive.port))


def _put_back(done: list[Step]) -> str:
    """Undo from the last step to the first; give what could not be undone."""
    left = []
    for step in reversed(done):
        try:
            step.undo()
        except (OmprogPanicError, OSError) as error:
            left.append(f"{step.name} ({error})")
    return ", ".join(left)


def unapplied(reception: Reception, machine: Machine) -> list[str]:
    """Return the files that differ from config.yaml, for status and doctor."""
    try:
        return [change.path for change in plan_for(reception, machine).changes]
    except ApplyError as error:
        return [str(error)]
