"""``omprog-panic test-alert``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.assemble import load_setup
from omprog_panic.alerter.sample_alert import send_test
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("service_key", "service_label", "state", "attempts", "last_reason")


@click.command("test-alert")
@config_option
@format_option
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0.1, 600),
    default=30.0,
    show_default=True,
    help="Seconds to wait for the services.",
)
def sample_alert(file: Path, form: str, timeout_s: float) -> None:
    """Send a sample alert, marked TEST, to all services; exit 1 unless all took it."""
    rows = or_exit(send_test, or_exit(load_setup, file), timeout_s)
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)
    sys.exit(0 if all(row["state"] == "sent" for row in rows) else 1)
