"""``omprog-panic status``."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.overview import monitor_status
from omprog_panic.admin.status import UNKNOWN
from omprog_panic.cli.options import config_option, format_option
from omprog_panic.cli.output import print_json, print_status
from omprog_panic.doctor.system import SKIP_FIREWALL, system_problems
from omprog_panic.errors import ConfigError, StoreForbiddenError
from omprog_panic.host.local import LocalMachine

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.admin.status import Problem
    from omprog_panic.config.model import PublicConfig


@click.command()
@config_option
@click.option(
    SKIP_FIREWALL,
    "skip_firewall",
    is_flag=True,
    help="Do not evaluate the firewall's rules, which only root can read.",
)
@format_option
def status(file: Path, skip_firewall: bool, form: str) -> None:  # noqa: FBT001
    """Show whether everything works.

    Exit status, as for Nagios and Icinga: 0 OK, 1 warning, 2 critical, 3 unknown. For
    others than root, whether the firewall lets the senders through is unknown.
    """

    def system(config: PublicConfig) -> list[Problem]:
        return system_problems(config, LocalMachine(), firewall=not skip_firewall)

    try:
        found = monitor_status(file, system)
    except (ConfigError, StoreForbiddenError) as error:
        faults = error.faults if isinstance(error, ConfigError) else (str(error),)
        if form == "json":
            print_json({"problems": [(UNKNOWN, fault) for fault in faults]})
        else:
            click.echo(f"UNKNOWN: {error}")
        sys.exit(UNKNOWN)
    if skip_firewall:
        found = dataclasses.replace(found, unchecked=("firewall",))
    if form == "json":
        print_json(found.to_json())
    else:
        print_status(found)
    sys.exit(found.code)
