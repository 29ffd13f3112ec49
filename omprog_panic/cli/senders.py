"""``omprog-panic senders``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.alerter.sender_list import list_senders
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "name", "address", "kernel", "state", "last_heard", "last_incident", "meaning",
)  # fmt: skip


@click.command()
@config_option
@format_option
def senders(file: Path, form: str) -> None:
    """Show every machine that is listed or was heard, and how it is."""
    paths, sections = or_exit(load_public, file)
    rows = or_exit(list_senders, paths.database, sections)
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)
