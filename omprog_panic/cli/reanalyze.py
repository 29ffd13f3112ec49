"""``omprog-panic reanalyze``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.reanalyze import reanalyze_incidents
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
    "--all",
    "everything",
    is_flag=True,
    help="Also incidents that these rules have already analyzed.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def reanalyze(file: Path, form: str, *, everything: bool, dry_run: bool) -> None:
    """Analyze stored incidents again with the rules of this version.

    Kind, severity, title, function, fingerprint and facts are replaced. No service is
    notified, whatever the result.
    """
    done = or_exit(
        reanalyze_incidents,
        or_exit(load_public, file).paths.database,
        everything=everything,
        dry_run=dry_run,
    )
    if form == "json":
        print_json(done.to_json())
        return
    if done.changes:
        print_table([change.to_json() for change in done.changes], COLUMNS)
    click.echo(
        f"analyzed: {done.looked_at}, changed: {done.changed}, "
        f"failed: {len(done.failed)}, rules: version {done.version}"
    )
