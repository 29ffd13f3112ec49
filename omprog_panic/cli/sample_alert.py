"""``omprog-panic test-alert``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.sample_alert import send_test
from omprog_panic.admin.services import choose_services
from omprog_panic.alerter.setup import load_setup
from omprog_panic.cli.options import (
    config_option,
    format_option,
    or_exit,
    service_options,
)
from omprog_panic.cli.output import print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("service_key", "service_label", "sent_characters", "took_s", "answer")


@click.command("test-alert")
@config_option
@format_option
@service_options
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0.1, 600),
    default=30.0,
    show_default=True,
    help="Seconds to wait for the services.",
)
def sample_alert(
    file: Path,
    form: str,
    keys: tuple[str, ...],
    tags: tuple[str, ...],
    timeout_s: float,
) -> None:
    """Send a sample alert, marked TEST, to services; exit 1 unless all took it."""
    setup = or_exit(load_setup, file)
    services = or_exit(choose_services, setup.config.services, keys, tags)
    rows = or_exit(send_test, setup, services, timeout_s)
    if form == "json":
        print_json(rows)
    else:
        for subject in sorted({row["sent_subject"] for row in rows}):
            click.echo(f"sent: {subject}")
        print_table(rows, COLUMNS)
    sys.exit(0 if all(row["state"] == "sent" for row in rows) else 1)
