"""``omprog-panic outbox list|retry|drop``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.outbox import drop_outbox, list_outbox, retry_outbox
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_done, print_json, print_table
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "id", "time", "state", "attempts", "service_label", "kind", "source", "title",
    "last_reason",
)  # fmt: skip


@click.group()
def outbox() -> None:
    """Show and change what is still to be delivered."""


@outbox.command("list")
@config_option
@format_option
@click.option("--all", "everything", is_flag=True, help="What is finished, too.")
@click.option("--limit", type=click.IntRange(1, 10000), default=100, show_default=True)
def list_(file: Path, form: str, limit: int, *, everything: bool) -> None:
    """List what waits and what is dead, oldest first."""
    paths = or_exit(load_public, file).paths
    rows = or_exit(list_outbox, paths, limit, everything=everything)
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


@outbox.command()
@config_option
@format_option
@click.option("--all", "everything", is_flag=True, help="All that waits or is dead.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1)
def retry(file: Path, form: str, ids: tuple[int, ...], *, everything: bool) -> None:
    """Send now what waits or was given up; its time begins anew."""
    _need_one(ids, everything, "--all")
    paths = or_exit(load_public, file).paths
    count = or_exit(retry_outbox, paths, None if everything else ids)
    print_done(form, "retried", count)


@outbox.command()
@config_option
@format_option
@click.option("--dead", "dead", is_flag=True, help="All that was given up.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1)
def drop(file: Path, form: str, ids: tuple[int, ...], *, dead: bool) -> None:
    """Never send these; what was tried stays on record."""
    _need_one(ids, dead, "--dead")
    paths = or_exit(load_public, file).paths
    count = or_exit(drop_outbox, paths, None if dead else ids)
    print_done(form, "dropped", count)


def _need_one(ids: tuple[int, ...], flag: bool, name: str) -> None:  # noqa: FBT001
    if bool(ids) == flag:
        raise click.UsageError(f"give the ids of outbox list, or {name}")
