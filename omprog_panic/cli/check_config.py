"""``omprog-panic check-config``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.setup import load_strict_setup
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json
from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@config_option
@format_option
def check_config(file: Path, form: str) -> None:
    """Check configuration, services and templates; exit status 78 for a fault."""
    if form == "json":
        sys.exit(_check_for_programs(file))
    setup = or_exit(load_strict_setup, file)
    count = len(setup.config.senders)
    senders = "1 sender" if count == 1 else f"{count} senders"
    click.echo(f"{file}: valid, {senders}")
    for service in setup.config.services:
        click.echo(f"service {service.key}: {service.label}")


def _check_for_programs(file: Path) -> int:
    try:
        setup = load_strict_setup(file)
    except ConfigError as error:
        print_json({"good": False, "faults": error.faults})
        return os.EX_CONFIG
    services = [
        {"service_key": service.key, "service_label": service.label}
        for service in setup.config.services
    ]
    print_json({"good": True, "faults": [], "services": services})
    return os.EX_OK
