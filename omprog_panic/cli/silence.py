"""``omprog-panic silence add|list|expire``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.silences import (
    WAITING,
    NewSilence,
    add_silence,
    coming_silences,
    expire_silence,
    list_silences,
    parse_duration,
    parse_every,
    parse_start,
)
from omprog_panic.cli.options import (
    author_option,
    config_option,
    format_option,
    or_exit,
    user_name,
)
from omprog_panic.cli.output import print_done, print_json, print_table
from omprog_panic.cli.table import Column
from omprog_panic.config.load import load_public
from omprog_panic.config.routing import MATCH_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from omprog_panic.admin.silences import Silence

ORPHANED = "matches no sender that is listed or was heard"
COLUMNS = (
    Column("id"), Column("match", 0, 12), Column("comment", 0, 8), Column("until", 1),
    Column("every", 2), Column("author", 3), Column("state", 2),
)  # fmt: skip
NEXT_COLUMNS = (
    Column("id"), Column("match", 0, 12), Column("comment", 1, 8), Column("from", 0),
    Column("until", 1), Column("local", 2), Column("state", 3),
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
    "--for",
    "length",
    default=None,
    help="The duration, such as 90m, 2h or 1d12h; with --every, for how long it comes "
    "again (without --for: until it is ended).",
)
@click.option(
    "--start",
    default=None,
    help="When it begins: a time with its zone ('2026-11-29 02:00 Europe/Berlin'), or "
    "a duration from now. Default: now.",
)
@click.option(
    "--every",
    multiple=True,
    help="When it comes again, such as 'Sun 02:00-04:00 Europe/Berlin', or a calendar "
    "of config.yaml; may be repeated.",
)
@click.option(
    "--comment",
    required=True,
    help="The reason; shown in the message at the end of the silence.",
)
@author_option
@click.option(
    "--everything", is_flag=True, help="Suppress all alerts, without a pattern."
)
def add(  # noqa: PLR0913 - one argument for each option
    file: Path,
    form: str,
    *,
    length: str | None,
    start: str | None,
    every: tuple[str, ...],
    comment: str,
    author: str | None,
    everything: bool,
    **match: tuple[str, ...],
) -> None:
    """Add a silence for alerts that match all of these options.

    omprog-panic silence add --host 'db-*' --for 2h --comment 'new kernel'
    """
    if not any(match.values()) and not everything:
        raise click.UsageError("name what to silence (--host ...), or use --everything")
    if length is None and not every:
        raise click.UsageError("the duration is missing: use --for 2h, or --every")
    config = or_exit(load_public, file)
    new = NewSilence(
        match,
        None if length is None else or_exit(parse_duration, length),
        user_name(author),
        comment,
        everything,
        None if start is None else or_exit(parse_start, start),
        or_exit(parse_every, every, config.policy),
    )
    added = or_exit(add_silence, config.paths, new, config.senders)
    if form == "json":
        print_json(added.to_json())
    else:
        click.echo(f"{added.id}: {_when(added)}")
    if added.orphaned:
        click.echo(f"note: {added.match} {ORPHANED}", err=True)


def _when(added: Silence) -> str:
    """Return in words when a new silence suppresses alerts."""
    until = "it is ended" if added.ends is None else added.ends
    if added.every:
        return f"silent every {added.every}, until {until}"
    if added.state == WAITING:
        return f"silent from {added.starts} until {until}"
    return f"silent until {until}"


@silence.command("list")
@config_option
@format_option
@click.option("--all", "ended", is_flag=True, help="Also silences that have ended.")
@click.option("--next", "coming", is_flag=True, help="When each one comes next.")
def list_(file: Path, form: str, *, ended: bool, coming: bool) -> None:
    """List the silences, and the maintenance windows of config.yaml."""
    config = or_exit(load_public, file)
    if coming:
        rows = [
            s.to_json() for s in or_exit(coming_silences, config.paths, config.policy)
        ]
        if form == "json":
            print_json(rows)
        else:
            print_table(rows, NEXT_COLUMNS)
        return
    found = or_exit(list_silences, config.paths, config.policy, ended=ended)
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
