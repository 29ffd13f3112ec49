"""``omprog-panic apply``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.settings_report import (
    NOT_RUNNING,
    wait_until_read,
    why_behind,
)
from omprog_panic.alerter.setup import load_setup
from omprog_panic.apply.executor import (
    check_plan,
    execute_plan,
    is_installed,
    plan_for,
)
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json
from omprog_panic.config.load import load_public
from omprog_panic.errors import ConfigError, NotConfiguredError
from omprog_panic.host.local import LocalMachine
from omprog_panic.plain import visible

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.apply.plan import Plan


@click.command()
@config_option
@click.option("--dry-run", is_flag=True, help="Show and check, change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option
def apply(file: Path, dry_run: bool, yes: bool, form: str) -> None:  # noqa: FBT001
    """Return the senders of config.yaml to rsyslogd, collector, firewall and alerts.

    Shows what changes, has it checked by rsyslogd and iptables, does it, and puts
    everything back when a step fails. The firewall changes only where `omprog-panic
    firewall apply` was used before. Exit status 0: done, or nothing to do; 69: a
    step failed, nothing is changed; 78: config.yaml has a fault.
    """
    reception = or_exit(load_public, file).reception
    machine = LocalMachine()
    if not is_installed(machine):
        click.echo("omprog-panic: not installed as a package here", err=True)
        sys.exit(os.EX_UNAVAILABLE)
    plan = or_exit(plan_for, reception, machine)
    notices = [*_notices(file), *or_exit(check_plan, plan, reception, machine)]
    runs = not any(isinstance(n, _NotReady) for n in notices)
    behind = why_behind(load_public(file).paths) if runs else []
    if form == "text":
        _show(plan, notices, behind)
    done: list[str] = []
    if (plan.changes or behind) and not dry_run:
        _ask(yes=yes)
        done = or_exit(execute_plan, plan, reception, machine, alerter=runs)
        if runs and (left := wait_until_read(load_public(file).paths, READ_WITHIN_S)):
            notices.append(f"not taken: {left[0]}: `omprog-panic status`")
            click.echo(f"notice: {notices[-1]}", err=True)
    if form == "json":
        rows = [{"path": c.path, "diff": list(c.diff())} for c in plan.changes]
        found = {"changes": rows, "alerter": behind, "notices": notices}
        print_json({**found, "done": done})
    else:
        for step in done:
            click.echo(f"done: {step}")


READ_WITHIN_S = 15.0  # the alerter may have been started just now


class _NotReady(str):
    """A notice that says why the alerter cannot run."""

    __slots__ = ()


def _notices(file: Path) -> list[str]:
    try:
        load_setup(file)
    except NotConfiguredError as error:
        return [_NotReady(f"no alerts yet: {fault}") for fault in error.faults]
    except ConfigError as error:
        return [_NotReady(f"the alerter keeps what it has: {f}") for f in error.faults]
    return []


def _show(plan: Plan, notices: list[str], behind: list[str]) -> None:
    for change in plan.changes:
        for line in change.diff():
            color = {"+": "green", "-": "red"}.get(line[:1])
            click.secho(visible(line), fg=color)
    ready = not any(isinstance(notice, _NotReady) for notice in notices)
    if not plan.changes and not behind and ready:
        click.echo("nothing to change: everything is as config.yaml says")
    if plan.restarts:
        click.echo("rsyslogd will be restarted")
    for reason in behind:
        started = "started" if reason == NOT_RUNNING else "reloaded"
        click.echo(f"the alerter will be {started}: {reason}")
    for notice in notices:
        click.echo(f"notice: {notice}", err=True)


def _ask(*, yes: bool) -> None:
    if os.geteuid() != 0:
        click.echo("omprog-panic: only root can do this: use sudo", err=True)
        sys.exit(os.EX_NOPERM)
    if yes:
        return
    if not sys.stdin.isatty():
        click.echo("omprog-panic: say --yes where nobody can be asked", err=True)
        sys.exit(os.EX_USAGE)
    click.confirm("Do it?", abort=True)
