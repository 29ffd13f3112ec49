"""``omprog-panic apply``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.settings_in_use import (
    NOT_RUNNING,
    wait_until_read,
    why_outdated,
)
from omprog_panic.alerter.setup import load_setup
from omprog_panic.apply.executor import (
    check_plan,
    execute_plan,
    is_installed,
    plan_for,
)
from omprog_panic.cli.options import (
    config_option,
    fail,
    format_option,
    or_exit,
    require_root,
)
from omprog_panic.cli.output import print_json
from omprog_panic.config.load import load_public
from omprog_panic.doctor.system import firewall_problems, ownership_problems
from omprog_panic.errors import ConfigError, NotConfiguredError
from omprog_panic.host.local import LocalMachine
from omprog_panic.plain import visible

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.apply.plan import Plan
    from omprog_panic.host.machine import Machine


READ_WITHIN_S = 15.0  # the alerter may have been started just now


@click.command()
@config_option
@click.option(
    "--dry-run", is_flag=True, help="Show and check the changes, but make none."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@format_option
def apply(file: Path, dry_run: bool, yes: bool, form: str) -> None:  # noqa: FBT001
    """Apply config.yaml to rsyslogd, collector, firewall and alerter.

    Shows the changes, checks them with rsyslogd and iptables, asks, and makes them. If
    a step fails, everything is restored. The firewall is changed only if `omprog-panic
    firewall apply` was used before. Exit status 0: done, or nothing to do; 69: a step
    failed, nothing is changed; 78: config.yaml has a fault.
    """
    reception = or_exit(load_public, file).reception
    machine = LocalMachine()
    if not is_installed(machine):
        fail("the Debian package is not installed on this machine", os.EX_UNAVAILABLE)
    plan = or_exit(plan_for, reception, machine)
    not_ready = _why_not_ready(file)
    notices = [*not_ready, *or_exit(check_plan, plan, reception, machine)]
    # Before a step fails because of them.
    notices += [p.text for p in ownership_problems(load_public(file), machine)]
    behind = [] if not_ready else why_outdated(load_public(file).paths)
    if form == "text":
        _show(plan, notices, behind, ready=not not_ready)
    done: list[str] = []
    if (behind or not plan.is_empty) and not dry_run:
        _confirm(yes=yes)
        done = or_exit(execute_plan, plan, reception, machine, alerter=not not_ready)
        if not not_ready:
            notices += _wait_for_alerter(file)
    if not dry_run:
        notices += _firewall_notices(file, machine)
    if form == "json":
        rows = [{"path": c.path, "diff": list(c.diff())} for c in plan.changes]
        running = [difference.text for difference in plan.differences]
        found = {"changes": rows, "running": running, "alerter": behind}
        found["notices"] = notices
        print_json({**found, "done": done})
    else:
        for step in done:
            click.echo(f"done: {step}")


def _why_not_ready(file: Path) -> list[str]:
    """Return why the alerter cannot use the configuration; empty: it can."""
    try:
        load_setup(file)
    except NotConfiguredError as error:
        return [f"no alerts yet: {fault}" for fault in error.faults]
    except ConfigError as error:
        return [f"the alerter keeps its old configuration: {f}" for f in error.faults]
    return []


def _show(plan: Plan, notices: list[str], behind: list[str], *, ready: bool) -> None:
    for change in plan.changes:
        for line in change.diff():
            color = {"+": "green", "-": "red"}.get(line[:1])
            click.secho(visible(line), fg=color)
    for difference in plan.differences:
        click.echo(f"to be corrected: {difference.text}")
    if plan.is_empty and not behind and ready:
        click.echo("nothing to change: everything matches config.yaml")
    if plan.restarts:
        click.echo("rsyslogd will be restarted")
    for reason in behind:
        if reason == NOT_RUNNING:
            click.echo("the alerter will be started")
        else:
            click.echo(f"the alerter will be reloaded: {reason}")
    for notice in notices:
        click.echo(f"notice: {notice}", err=True)


def _confirm(*, yes: bool) -> None:
    require_root()
    if yes:
        return
    if not sys.stdin.isatty():
        fail("no terminal to ask for confirmation: use --yes", os.EX_USAGE)
    click.confirm("Make these changes?", abort=True)


def _firewall_notices(file: Path, machine: Machine) -> list[str]:
    """Report rules in the way of a panic that `apply` does not change."""
    problems = [*firewall_problems(load_public(file).reception, machine)]
    for problem in problems:
        click.echo(f"notice: {problem.text}", err=True)
    return [problem.text for problem in problems]


def _wait_for_alerter(file: Path) -> list[str]:
    """Wait until the alerter has read the files; return a notice if it does not."""
    reasons = wait_until_read(load_public(file).paths, READ_WITHIN_S)
    notices = [f"{reason}: see `omprog-panic status`" for reason in reasons[:1]]
    for notice in notices:
        click.echo(f"notice: {notice}", err=True)
    return notices
