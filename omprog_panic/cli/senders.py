"""``omprog-panic senders``, ``senders --token`` and ``senders add``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from omprog_panic.admin.senders import (
    NEVER_HEARD,
    STATES,
    SenderQuery,
    find_token,
    list_senders,
)
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table
from omprog_panic.cli.search_options import host_options, time_options
from omprog_panic.cli.senders_add import add
from omprog_panic.cli.table import Column
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from omprog_panic.admin.senders import SenderOverview, VerifiedSender

COLUMNS = (
    Column("name", 0, 12), Column("state"), Column("last heard (UTC)", 2),
    Column("last incident", 3), Column("address", 1), Column("kernel", 4, 12),
    Column("meaning", 5),
)  # fmt: skip


@click.group(invoke_without_command=True)
@config_option
@format_option
@host_options
@click.option(
    "--state", "states", multiple=True, type=click.Choice([*STATES]),
    help="Only senders in this state; may be repeated.",
)  # fmt: skip
@click.option("--never", is_flag=True, help="Only senders that were never heard.")
@time_options("senders last heard")
@click.option(
    "--token", help="Show which host sent this token (omprog-panic-client verify)."
)
@click.pass_context
def senders(
    ctx: click.Context, /, file: Path, form: str, token: str | None, **query: object
) -> None:
    """Show every machine that is listed or has sent, and its state.

    With --token: exit status 0 if the token has arrived, 1 if not.
    """
    if ctx.invoked_subcommand is not None:
        return
    config = or_exit(load_public, file)
    if token is not None:
        sys.exit(_show_token(or_exit(find_token, config.paths.database, token), form))
    chosen: dict[str, Any] = query
    if chosen.pop("never"):
        chosen["states"] = (*chosen["states"], NEVER_HEARD)
    wanted = SenderQuery(**chosen)
    found = or_exit(list_senders, config.paths.database, config.senders, wanted)
    if form == "json":
        print_json([sender.to_json() for sender in found])
    else:
        print_table([_row(sender) for sender in found], COLUMNS)


def _row(sender: SenderOverview) -> Mapping[str, object]:
    return {
        "name": sender.name,
        "state": sender.state,
        "last heard (UTC)": (sender.last_heard or "-").removesuffix(" UTC"),
        "last incident": (sender.last_incident or "-").removesuffix(" UTC"),
        "address": sender.address,
        "kernel": sender.kernel,
        "meaning": sender.meaning,
    }


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
