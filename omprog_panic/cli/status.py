"""``omprog-panic status``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.readiness import why_not_alerting, why_not_listening
from omprog_panic.admin.status import UNKNOWN, WARNING, collect_status
from omprog_panic.apply.executor import is_installed, unapplied_files
from omprog_panic.cli.options import config_option, format_option
from omprog_panic.cli.output import print_json, print_status
from omprog_panic.config.load import load_public
from omprog_panic.errors import ConfigError, StoreForbiddenError
from omprog_panic.host.local import LocalMachine
from omprog_panic.rsyslog.dropin import ETC

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@config_option
@format_option
def status(file: Path, form: str) -> None:
    """Show whether everything works; exit 0 good, 1 warning, 2 critical, 3 unknown."""
    try:
        found = collect_status(load_public(file).paths)
        found.problems += why_not_listening(file)
        if str(file.absolute()) not in found.changed_files:
            found.problems += _unapplied(file)
        if not found.alerter_running:
            found.problems[:0] = why_not_alerting(file)
    except (ConfigError, StoreForbiddenError) as error:
        faults = error.faults if isinstance(error, ConfigError) else (str(error),)
        if form == "json":
            print_json({"problems": [(UNKNOWN, fault) for fault in faults]})
        else:
            click.echo(f"UNKNOWN: {error}")
        sys.exit(UNKNOWN)
    if form == "json":
        print_json(found)
    else:
        print_status(found)
    sys.exit(found.code)


def _unapplied(file: Path) -> list[tuple[int, str]]:
    """Say that rsyslogd or collector go by an older config.yaml."""
    machine = LocalMachine()
    if str(file.absolute().parent) != ETC:
        return []  # nothing is applied from another place
    reception = load_public(file).reception
    if not reception.senders or not is_installed(machine):
        return []  # a fresh installation has said so already
    if not unapplied_files(reception, machine):
        return []
    return [(WARNING, f"{file} has changed: `omprog-panic apply`")]
