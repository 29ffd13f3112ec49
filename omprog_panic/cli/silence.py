"""``omprog-panic silence add|list|expire``."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.silences import (
    NewSilence,
    add_silence,
    expire_silence,
    list_silences,
    parse_duration,
)
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_done, print_json, print_table
from omprog_panic.cli.table import Column
from omprog_panic.config.load import load_public
from omprog_panic.config.routing import MATCH_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ORPHANED = "matches no sender that is listed or was heard"
COLUMNS = (
    Column("id"), Column("match", 0, 12), Column("comment", 0, 8), Column("until", 1),
    Column("author", 3), Column("state", 2),
)  # fmt: skip


def _match_options(command: Callable[..., None]) -> Callable[..., None]:
    for key in reversed(MATCH_KEYS):
        words = f"A pattern for the {key}; may be repeated."
        command = click.option(f"--{key}", key, multiple=True, help=words)(command)
    return command


@click.group()
def silence() -> None:
    """Suppress alerts for a time; incidents are still stored."""


@silence.command()
@config_option
@format_option
@_match_options
@click.option(
    "--for", "length", required=True, help="The duration, such as 90m, 2h or 1d12h."
)
@click.option(
    "--comment",
    required=True,
    help="The reason; shown in the message at the end of the silence.",
)
@click.option(
    "--author", default=None, help="The author. Default: the user that runs this."
)
@click.option(
    "--everything", is_flag=True, help="Suppress all alerts, without a pattern."
)
def add(
    file: Path,
    form: str,
    length: str,
    comment: str,
    author: str | None,
    *,
    everything: bool,
    **match: tuple[str, ...],
) -> None:
    """Add a silence for alerts that match all of these options.

    omprog-panic silence add --host 'db-*' --for 2h --comment 'new kernel'
    """
    if not any(match.values()) and not everything:
        raise click.UsageError("name what to silence (--host ...), or use --everything")
    seconds = or_exit(parse_duration, length)
    who = author or os.environ.get("SUDO_USER") or getpass.getuser()
    config = or_exit(load_public, file)
    new = NewSilence(match, seconds, who, comment, everything)
    added = or_exit(add_silence, config.paths, new, config.senders)
    if form == "json":
        print_json(added.to_json())
    else:
        click.echo(f"{added.id}: silent until {added.ends}")
    if added.orphaned:
        click.echo(f"note: {added.match} {ORPHANED}", err=True)


@silence.command("list")
@config_option
@format_option
@click.option("--all", "ended", is_flag=True, help="Also silences that have ended.")
def list_(file: Path, form: str, *, ended: bool) -> None:
    """List the active silences."""
    config = or_exit(load_public, file)
    found = or_exit(list_silences, config.paths, config.senders, ended=ended)
    rows = [silence.to_json() for silence in found]
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)
        for silence in found:
            if silence.orphaned:
                click.echo(f"note: {silence.id}: {silence.match} {ORPHANED}", err=True)


@silence.command()
@config_option
@format_option
@click.argument("id_", metavar="ID")
def expire(file: Path, form: str, id_: str) -> None:
    """End a silence now, by the first digits of its id."""
    paths = or_exit(load_public, file).paths
    print_done(form, "ended", or_exit(expire_silence, paths, id_))
