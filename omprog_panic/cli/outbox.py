"""``omprog-panic outbox list|retry|drop``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.outbox import drop_outbox, list_outbox, retry_outbox
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_done, print_json, print_table
from omprog_panic.cli.table import Column
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    Column("id"), Column("state"), Column("title", 0, 12), Column("source", 4),
    Column("service_label", 1, 10), Column("kind", 6), Column("time", 3),
    Column("attempts", 5), Column("in_doubt", 7), Column("last_reason", 2, 16),
)  # fmt: skip


@click.group()
def outbox() -> None:
    """Show and manage pending deliveries."""


@outbox.command("list")
@config_option
@format_option
@click.option("--all", "finished", is_flag=True, help="Also finished deliveries.")
@click.option("--limit", type=click.IntRange(1, 10000), default=100, show_default=True)
def list_(file: Path, form: str, limit: int, *, finished: bool) -> None:
    """List pending and dead deliveries, oldest first."""
    paths = or_exit(load_public, file).paths
    found = or_exit(list_outbox, paths, limit, finished=finished)
    rows = [delivery.to_json() for delivery in found]
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


@outbox.command()
@config_option
@format_option
@click.option(
    "--all", "everything", is_flag=True, help="All pending and dead deliveries."
)
@click.argument("ids", metavar="ID...", type=int, nargs=-1)
def retry(file: Path, form: str, ids: tuple[int, ...], *, everything: bool) -> None:
    """Send pending or dead deliveries now; their time limit starts again."""
    _need_one(ids, everything, "--all")
    paths = or_exit(load_public, file).paths
    count = or_exit(retry_outbox, paths, None if everything else ids)
    print_done(form, "retried", count)


@outbox.command()
@config_option
@format_option
@click.option("--dead", "dead", is_flag=True, help="All dead deliveries.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1)
def drop(file: Path, form: str, ids: tuple[int, ...], *, dead: bool) -> None:
    """Discard pending or dead deliveries; their log of attempts is kept."""
    _need_one(ids, dead, "--dead")
    paths = or_exit(load_public, file).paths
    count = or_exit(drop_outbox, paths, None if dead else ids)
    print_done(form, "dropped", count)


def _need_one(ids: tuple[int, ...], flag: bool, name: str) -> None:  # noqa: FBT001
    if bool(ids) == flag:
        raise click.UsageError(f"name the ids shown by `outbox list`, or use {name}")
