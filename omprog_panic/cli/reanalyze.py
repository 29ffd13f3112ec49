"""``omprog-panic reanalyze``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.reanalyze import reanalyze_archive
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("id", "change", "before", "after")


@click.command()
@config_option
@format_option
@click.option(
    "--all", "everything", is_flag=True, help="Also what these rules judged already."
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def reanalyze(file: Path, form: str, *, everything: bool, dry_run: bool) -> None:
    """Judge stored incidents by the rules of this version.

    Kind, severity, title, function, fingerprint and facts are stored anew. Nobody is
    alerted, whatever comes out.
    """
    done = or_exit(
        reanalyze_archive,
        or_exit(load_public, file).paths.database,
        everything=everything,
        dry_run=dry_run,
    )
    if form == "json":
        print_json(done)
        return
    if done.changes:
        print_table(done.changes, COLUMNS)
    click.echo(
        f"looked at: {done.looked_at}, changed: {done.changed}, "
        f"failed: {len(done.failed)}, rules: version {done.version}"
    )
