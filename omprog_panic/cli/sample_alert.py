"""``omprog-panic test-alert``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.sample_alert import send_sample_alert
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
    help="Seconds to wait for the answers of the services.",
)
def sample_alert(
    file: Path,
    form: str,
    keys: tuple[str, ...],
    tags: tuple[str, ...],
    timeout_s: float,
) -> None:
    """Send a test alert to services.

    The message is an example and its subject begins with TEST. Exit status 0: every
    service accepted it; 1: at least one did not.
    """
    setup = or_exit(load_setup, file)
    services = or_exit(choose_services, setup.config.services, keys, tags)
    deliveries = or_exit(send_sample_alert, setup, services, timeout_s)
    rows = [delivery.to_json() for delivery in deliveries]
    if form == "json":
        print_json(rows)
    else:
        for subject in sorted({delivery.subject for delivery in deliveries}):
            click.echo(f"sent: {subject}")
        print_table(rows, COLUMNS)
    sys.exit(0 if all(delivery.delivered for delivery in deliveries) else 1)
