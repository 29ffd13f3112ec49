"""``omprog-panic check-config``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.assemble import load_setup
from omprog_panic.cli.options import config_option, or_exit

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@config_option
def check_config(file: Path) -> None:
    """Check configuration, services and templates; exit 78 when something is wrong."""
    setup = or_exit(load_setup, file)
    click.echo(f"{file}: good, {len(setup.config.senders)} senders")
    for service in setup.config.services:
        click.echo(f"service {service.key}: {service.label}")
