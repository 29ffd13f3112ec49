"""``omprog-panic status``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.overview import monitor_status
from omprog_panic.admin.status import UNKNOWN
from omprog_panic.cli.options import config_option, format_option
from omprog_panic.cli.output import print_json, print_status
from omprog_panic.doctor.system import system_problems
from omprog_panic.errors import ConfigError, StoreForbiddenError
from omprog_panic.host.local import LocalMachine

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.admin.status import Problem
    from omprog_panic.config.model import PublicConfig


@click.command()
@config_option
@format_option
def status(file: Path, form: str) -> None:
    """Show whether everything works.

    Exit status, as for Nagios and Icinga: 0 OK, 1 warning, 2 critical, 3 unknown.
    """
    try:
        found = monitor_status(file, _system_problems)
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


def _system_problems(config: PublicConfig) -> list[Problem]:
    return system_problems(config, LocalMachine(), is_root=os.geteuid() == 0)
