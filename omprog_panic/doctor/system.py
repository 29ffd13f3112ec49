"""What ``status`` reports of the system: the checks that are fast and need no probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.admin.status import APPLY, CRITICAL, UNKNOWN, WARNING, Problem
from omprog_panic.apply.executor import is_applicable, unapplied_files
from omprog_panic.apply.running import (
    find_alerter,
    find_rsyslogd,
    foreign_receivers,
    running_differences,
)
from omprog_panic.doctor.finding import Finding, Level, unknown
from omprog_panic.doctor.firewall import NEEDS_ROOT, firewall_findings
from omprog_panic.doctor.ownership import (
    find_accounts,
    ownership_findings,
    ownership_table,
)
from omprog_panic.firewall.live import firewall_owner
from omprog_panic.host.machine import UnreadableError
from omprog_panic.host.processes import list_processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.config.model import PublicConfig, Reception
    from omprog_panic.host.machine import Machine

DOCTOR = "omprog-panic doctor"
SKIP_FIREWALL = "--skip-firewall"


def system_problems(
    config: PublicConfig, machine: Machine, *, firewall: bool = True
) -> list[Problem]:
    """Compare rsyslogd and the firewall, as they run, with config.yaml.

    Without ``firewall``, its rules are not looked at. Only root can read them: for
    other users, whether the senders pass is unknown.
    """
    if not is_applicable(machine, config):
        return []  # a fresh installation is reported elsewhere
    found = [*_rsyslogd(config, machine), *ownership_problems(config, machine)]
    if firewall:
        found += firewall_problems(config.reception, machine)
    return found


def _rsyslogd(config: PublicConfig, machine: Machine) -> Iterator[Problem]:
    if unapplied_files(config.reception, machine):
        text = f"{config.file} has changed: run `{APPLY}`"
        yield Problem(WARNING, text, APPLY)
    try:
        for difference in running_differences(config.reception, machine):
            text = f"{difference.text}: run `{APPLY}`"
            yield Problem(CRITICAL, text, APPLY)
        yield from _port(config.reception.receive.port, machine)
    except UnreadableError as error:
        yield Problem(UNKNOWN, str(error), NEEDS_ROOT)


def _port(port: int, machine: Machine) -> Iterator[Problem]:
    processes = list(list_processes(machine))
    daemon = find_rsyslogd(machine, processes)
    names = {process.pid: process.name for process in processes}
    if daemon is None:
        return
    for pid in foreign_receivers(machine, processes, daemon, port):
        text = f"{names.get(pid, 'a process')} (PID {pid}) has UDP port {port} open"
        yield Problem(CRITICAL, f"{text}: stop it, or set another receive.port", DOCTOR)


def ownership_problems(config: PublicConfig, machine: Machine) -> Iterator[Problem]:
    """Yield which files the processes cannot use, or others can."""
    processes = list(list_processes(machine))
    accounts = find_accounts(
        machine, find_alerter(processes), find_rsyslogd(machine, processes)
    )
    table = ownership_table(str(config.file), config.paths)
    for finding in ownership_findings(machine, table, accounts):
        remedy = " && ".join(finding.remedies)
        text = f"{finding.check}: {finding.says}: run `{remedy}`"
        if finding.level is Level.UNKNOWN:
            text = f"{finding.check}: {finding.says}: {remedy}"
        yield Problem(finding.level, text, remedy)


def firewall_problems(reception: Reception, machine: Machine) -> Iterator[Problem]:
    """Yield which senders the rules in force drop, and what is not known of them."""
    try:
        owner = firewall_owner(machine, reception.receive.port)
        findings = list(firewall_findings(machine, reception, owner))
    except UnreadableError as error:
        findings = [unknown("firewall", str(error), NEEDS_ROOT)]
    for finding in findings:
        if finding.level not in {Level.OK, Level.UNKNOWN}:
            yield _problem(finding)
    # One line is enough: the reason is usually the same for each of them.
    for finding in findings:
        if finding.level is Level.UNKNOWN:
            yield _problem(finding)
            return


def _problem(finding: Finding) -> Problem:
    """Return what ``status`` says; commands of other programs are left to doctor."""
    text = f"{finding.check}: {finding.says}"
    remedy = finding.remedies[0]
    if remedy == NEEDS_ROOT:
        text += f": {NEEDS_ROOT}, or leave the firewall out with {SKIP_FIREWALL}"
        return Problem(UNKNOWN, text, NEEDS_ROOT)
    if not remedy.startswith(("omprog-panic ", "apt ", "systemctl ")):
        return Problem(finding.level, f"{text}: see `{DOCTOR}`", DOCTOR)
    return Problem(finding.level, f"{text}: run `{remedy}`", remedy)
