"""``omprog-panic alerter``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.main import serve
from omprog_panic.cli.options import config_option, or_exit
from omprog_panic.log import setup_logging

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@config_option
def alerter(file: Path) -> None:
    """Run the alerter in the foreground.

    SIGTERM stops it, SIGHUP makes it reload its configuration.
    """
    setup_logging()
    or_exit(serve, file)
