"""``omprog-panic silence add|list|expire``."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.silences import (
    add_silence,
    expire_silence,
    list_silences,
    seconds_of,
)
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_done, print_json, print_table
from omprog_panic.config.load import load_public
from omprog_panic.policy.match import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS = ("id", "state", "until", "author", "match", "comment")


def _match_options(command: Callable[..., None]) -> Callable[..., None]:
    for key in reversed(KEYS):
        words = f"A pattern for the {key}; may be given several times."
        command = click.option(f"--{key}", key, multiple=True, help=words)(command)
    return command


@click.group()
def silence() -> None:
    """Hold alerts back for a while; incidents are stored all the same."""


@silence.command()
@config_option
@format_option
@_match_options
@click.option("--for", "length", required=True, help="How long: 90m, 2h, 1d12h.")
@click.option("--comment", required=True, help="Why; stands in the message at its end.")
@click.option("--author", default=None, help="Who; else the user that runs this.")
@click.option("--everything", is_flag=True, help="Really all alerts, without a match.")
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
    """Begin a silence; it matches what all these options say.

    omprog-panic silence add --host 'db-*' --for 2h --comment 'new kernel'
    """
    if not any(match.values()) and not everything:
        raise click.UsageError("say what is silenced (--host ...), or --everything")
    seconds = or_exit(seconds_of, length)
    who = author or os.environ.get("SUDO_USER") or getpass.getuser()
    paths = or_exit(load_public, file).paths
    added = or_exit(add_silence, paths, match, seconds, who, comment)
    if form == "json":
        print_json(added)
    else:
        click.echo(f"{added['id']}: silent until {added['until']}")


@silence.command("list")
@config_option
@format_option
@click.option("--all", "over", is_flag=True, help="Also those that have ended.")
def list_(file: Path, form: str, *, over: bool) -> None:
    """List the silences that hold."""
    paths = or_exit(load_public, file).paths
    rows = or_exit(list_silences, paths, over=over)
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


@silence.command()
@config_option
@format_option
@click.argument("id_", metavar="ID")
def expire(file: Path, form: str, id_: str) -> None:
    """End a silence now, by the first digits of its id."""
    paths = or_exit(load_public, file).paths
    print_done(form, "ended", or_exit(expire_silence, paths, id_))
