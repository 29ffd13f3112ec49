"""``omprog-panic senders``, ``senders --token`` and ``senders add``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from omprog_panic.admin.senders import find_token, list_senders
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table
from omprog_panic.cli.senders_add import add
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "name", "address", "kernel", "state", "last_heard", "last_incident", "meaning",
)  # fmt: skip


@click.group(invoke_without_command=True)
@config_option
@format_option
@click.option("--token", help="Show who sent this (omprog-panic-client verify).")
@click.pass_context
def senders(ctx: click.Context, file: Path, form: str, token: str | None) -> None:
    """Show every machine that is listed or was heard, and how it is.

    With --token: exit status 0 when it has arrived, 1 when not.
    """
    if ctx.invoked_subcommand is not None:
        return
    config = or_exit(load_public, file)
    if token is not None:
        sys.exit(_show_token(or_exit(find_token, config.paths.database, token), form))
    rows = or_exit(list_senders, config.paths.database, config.senders)
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


def _show_token(found: dict[str, Any] | None, form: str) -> int:
    if form == "json":
        print_json(found)
    elif found is None:
        click.echo("not arrived")
    else:
        who = found["host"] or "unnamed"
        click.echo(f"arrived {found['at']} from {found['source']} ({who})")
    return 1 if found is None else 0


senders.add_command(add)
