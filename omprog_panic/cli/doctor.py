"""``omprog-panic doctor``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.setup import load_setup
from omprog_panic.cli.options import config_option, format_option
from omprog_panic.cli.output import print_json
from omprog_panic.clock import SystemClock
from omprog_panic.doctor.checks import run_checks
from omprog_panic.doctor.context import CheckContext
from omprog_panic.doctor.finding import Level, worst
from omprog_panic.errors import ConfigError
from omprog_panic.host.local import LocalMachine
from omprog_panic.plain import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.doctor.finding import Finding

COLORS = {
    Level.OK: "green",
    Level.WARNING: "yellow",
    Level.CRITICAL: "red",
    Level.UNKNOWN: "magenta",
}

MAX_SAYS = 1000  # characters of one line


@click.command()
@config_option
@format_option
def doctor(file: Path, form: str) -> None:
    """Find problems on this monitor and show their remedies; changes nothing.

    Exit status 0: no problem; 1: a warning; 2: panics do not arrive, or alerts are not
    sent; 3: a check was not possible. Run it as root: some checks need that.
    """
    findings = []
    for finding in run_checks(_begin(file)):
        findings.append(finding)
        if form == "text":
            _print(finding)
    if form == "json":
        rows = [
            {
                "check": found.check,
                "level": found.level.name.lower(),
                "says": found.says,
                "remedies": list(found.remedies),
            }
            for found in findings
        ]
        print_json({"level": worst(findings).name.lower(), "findings": rows})
    sys.exit(worst(findings))


def _begin(file: Path) -> CheckContext:
    machine, now = LocalMachine(), SystemClock().wall()
    try:
        setup = load_setup(file)
    except ConfigError as error:
        return CheckContext(machine, now, None, tuple(map(str, error.faults)))
    return CheckContext(machine, now, setup.config, setup.template_faults)


def _print(finding: Finding) -> None:
    level = click.style(f"{finding.level.name:<9}", fg=COLORS[finding.level])
    click.echo(f"{level}{finding.check + ':':<15}{one_line(finding.says, MAX_SAYS)}")
    for remedy in finding.remedies:
        click.echo(f"{'':<24}-> {remedy}")


if __name__ == "__main__":
    doctor()
