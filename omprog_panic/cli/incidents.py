"""``omprog-panic incidents list|show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.archive import list_archive, show_archived
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_incident, print_json, print_table
from omprog_panic.config.load import load_paths

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("id", "time", "severity", "source", "host", "title")


@click.group()
def incidents() -> None:
    """Show what has crashed."""


@incidents.command("list")
@config_option
@format_option
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def list_(file: Path, form: str, limit: int) -> None:
    """List the newest incidents."""
    rows = or_exit(list_archive, or_exit(load_paths, file).database, limit)
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


@incidents.command()
@config_option
@format_option
@click.argument("id_", metavar="ID")
def show(file: Path, form: str, id_: str) -> None:
    """Show one incident, by the first digits of its id, with its whole trace."""
    incident = or_exit(show_archived, or_exit(load_paths, file).database, id_)
    if form == "json":
        print_json(incident)
    else:
        print_incident(incident)
