"""``omprog-panic incidents list|show|export|resend|delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.incident_actions import (
    delete_incident,
    export_incident,
    resend_incident,
)
from omprog_panic.admin.incidents import list_incidents, load_incident
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


@click.group()
def incidents() -> None:
    """Show and manage stored incidents."""


@incidents.command("list")
@config_option
@format_option
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def list_(file: Path, form: str, limit: int) -> None:
    """List the newest incidents."""
    config = or_exit(load_public, file)
    found = or_exit(
        list_incidents, config.paths.database, limit, config.directory.name_of
    )
    rows = [incident.to_json() for incident in found]
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)


@incidents.command()
@config_option
@format_option
@click.argument("id_", metavar="ID")
def show(file: Path, form: str, id_: str) -> None:
    """Show an incident with its complete trace, by the first digits of its id."""
    config = or_exit(load_public, file)
    found = or_exit(load_incident, config.paths.database, id_, config.directory.name_of)
    if form == "json":
        print_json(found.to_json())
    else:
        print_incident(found)


@incidents.command()
@config_option
@click.option(
    "--output",
    type=click.File("wb"),
    default="-",
    help="The file to write. Default: standard output.",
)
@click.argument("id_", metavar="ID")
def export(file: Path, output: BinaryIO, id_: str) -> None:
    """Write an incident as the JSON file that the collector created.

    docs/spool.md describes the format. A monitor takes the incident in if the file is
    put into its spool.
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
    """Send the alert of an incident again, with the same alert id."""
    setup = or_exit(load_setup, file)
    services = or_exit(choose_services, setup.config.services, keys, tags)
    print_done(
        form, "addressed", or_exit(resend_incident, setup.config.paths, id_, services)
    )


@incidents.command()
@config_option
@format_option
@click.option("--force", is_flag=True, help="Even if its alert has not been delivered.")
@click.argument("id_", metavar="ID")
def delete(file: Path, form: str, id_: str, *, force: bool) -> None:
    """Delete an incident with its trace and its deliveries."""
    paths = or_exit(load_public, file).paths
    print_done(form, "deleted", or_exit(delete_incident, paths, id_, force=force))
