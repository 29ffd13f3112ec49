"""``omprog-panic senders``, ``senders --token`` and ``senders add``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.senders import find_token, list_senders
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table
from omprog_panic.cli.senders_add import add
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.admin.senders import VerifiedSender

COLUMNS = (
    "name", "address", "kernel", "state", "last_heard", "last_incident", "meaning",
)  # fmt: skip


@click.group(invoke_without_command=True)
@config_option
@format_option
@click.option(
    "--token", help="Show which host sent this token (omprog-panic-client verify)."
)
@click.pass_context
def senders(ctx: click.Context, file: Path, form: str, token: str | None) -> None:
    """Show every machine that is listed or has sent, and its state.

    With --token: exit status 0 if the token has arrived, 1 if not.
    """
    if ctx.invoked_subcommand is not None:
        return
    config = or_exit(load_public, file)
    if token is not None:
        sys.exit(_show_token(or_exit(find_token, config.paths.database, token), form))
    found = or_exit(list_senders, config.paths.database, config.senders)
    rows = [sender.to_json() for sender in found]
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


def _show_token(found: VerifiedSender | None, form: str) -> int:
    if form == "json":
        print_json(None if found is None else found.to_json())
    elif found is None:
        click.echo("not arrived")
    else:
        record = found.record
        name = record.host or "unnamed"
        click.echo(f"arrived {record.at} from {record.source} ({name})")
    return 1 if found is None else 0


senders.add_command(add)
