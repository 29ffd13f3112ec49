"""``omprog-panic status``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.overview import monitor_status
from omprog_panic.admin.status import UNKNOWN
from omprog_panic.apply.executor import is_installed, unapplied_files
from omprog_panic.cli.options import config_option, format_option
from omprog_panic.cli.output import print_json, print_status
from omprog_panic.errors import ConfigError, StoreForbiddenError
from omprog_panic.host.local import LocalMachine
from omprog_panic.rsyslog.dropin import ETC

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.config.model import PublicConfig


@click.command()
@config_option
@format_option
def status(file: Path, form: str) -> None:
    """Show whether everything works.

    Exit status, as for Nagios and Icinga: 0 OK, 1 warning, 2 critical, 3 unknown.
    """
    try:
        found = monitor_status(file, _has_unapplied_changes)
    except (ConfigError, StoreForbiddenError) as error:
        faults = error.faults if isinstance(error, ConfigError) else (str(error),)
        if form == "json":
            print_json({"problems": [(UNKNOWN, fault) for fault in faults]})
        else:
            click.echo(f"UNKNOWN: {error}")
        sys.exit(UNKNOWN)
    if form == "json":
        print_json(found.to_json())
    else:
        print_status(found)
    sys.exit(found.code)


def _has_unapplied_changes(config: PublicConfig) -> bool:
    """Return whether rsyslogd or collector use an older config.yaml."""
    machine = LocalMachine()
    if str(config.file.absolute().parent) != ETC:
        return False  # only this one can be applied
    if not config.senders or not is_installed(machine):
        return False  # a fresh installation, which is reported elsewhere
    return bool(unapplied_files(config.reception, machine))
