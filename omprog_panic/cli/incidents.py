"""``omprog-panic incidents list|show|export|resend|delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.incidents import list_archive, show_archived
from omprog_panic.admin.outbox import (
    delete_incident,
    export_incident,
    resend_incident,
)
from omprog_panic.admin.services import choose_services
from omprog_panic.alerter.setup import load_setup
from omprog_panic.cli.options import (
    config_option,
    format_option,
    or_exit,
    service_options,
)
from omprog_panic.cli.output import (
    print_done,
    print_incident,
    print_json,
    print_table,
)
from omprog_panic.config.load import load_public

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

COLUMNS = ("id", "time", "severity", "source", "host", "title")


def _host_names(file: Path) -> dict[str, str]:
    return or_exit(load_public, file).host_names()


@click.group()
def incidents() -> None:
    """Show what has crashed."""


@incidents.command("list")
@config_option
@format_option
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def list_(file: Path, form: str, limit: int) -> None:
    """List the newest incidents."""
    rows = or_exit(
        list_archive,
        or_exit(load_public, file).paths.database,
        limit,
        _host_names(file),
    )
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


@incidents.command()
@config_option
@format_option
@click.argument("id_", metavar="ID")
def show(file: Path, form: str, id_: str) -> None:
    """Show one incident, by the first digits of its id, with its whole trace."""
    incident = or_exit(
        show_archived, or_exit(load_public, file).paths.database, id_, _host_names(file)
    )
    if form == "json":
        print_json(incident)
    else:
        print_incident(incident)


@incidents.command()
@config_option
@click.option(
    "--output", type=click.File("wb"), default="-", help="A file; else standard output."
)
@click.argument("id_", metavar="ID")
def export(file: Path, output: BinaryIO, id_: str) -> None:
    """Write an incident as the JSON file that the collector made of it.

    docs/spool.md describes it; put into the spool elsewhere it is an incident there.
    """
    output.write(or_exit(export_incident, or_exit(load_public, file).paths, id_))


@incidents.command()
@config_option
@format_option
@service_options
@click.argument("id_", metavar="ID")
def resend(
    file: Path, form: str, keys: tuple[str, ...], tags: tuple[str, ...], id_: str
) -> None:
    """Send an incident's alert again, under the same alert id."""
    setup = or_exit(load_setup, file)
    services = or_exit(choose_services, setup.config.services, keys, tags)
    print_done(form, "addressed", or_exit(resend_incident, setup, id_, services))


@incidents.command()
@config_option
@format_option
@click.option("--force", is_flag=True, help="Also if its alert is not delivered.")
@click.argument("id_", metavar="ID")
def delete(file: Path, form: str, id_: str, *, force: bool) -> None:
    """Delete an incident with its trace and its deliveries."""
    paths = or_exit(load_public, file).paths
    print_done(form, "deleted", or_exit(delete_incident, paths, id_, force=force))
