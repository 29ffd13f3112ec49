"""``omprog-panic incidents list|stats|show|export|resend|delete``."""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.incident_actions import (
    delete_incident,
    export_incident,
    resend_incident,
)
from omprog_panic.admin.incident_ids import shortened
from omprog_panic.admin.incidents import load_incident
from omprog_panic.admin.search import list_incidents
from omprog_panic.admin.services import choose_services
from omprog_panic.admin.statistics import COUNT_BY, count_incidents
from omprog_panic.alerter.setup import load_setup
from omprog_panic.cli.incident_text import incident_text
from omprog_panic.cli.options import (
    config_option,
    fail,
    format_option,
    or_exit,
    service_options,
)
from omprog_panic.cli.output import print_done, print_json, print_paged, print_table
from omprog_panic.cli.search_options import search_options
from omprog_panic.cli.table import Column
from omprog_panic.config.load import load_public
from omprog_panic.plain import visible
from omprog_panic.render.context import ID_DIGITS
from omprog_panic.render.incident import bare_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from omprog_panic.admin.search import FoundIncidents, IncidentQuery
    from omprog_panic.config.model import PublicConfig

LISTED = 20
COLUMNS = (
    Column("host", 0, 8), Column("title", 0, 20), Column("severity", 2),
    Column("state", 3),
    Column("time (UTC)", 1), Column("id"), Column("kernel", 4), Column("address", 5),
    Column("subsystem", 3, 12),
)  # fmt: skip


@click.group()
def incidents() -> None:
    """Show and manage stored incidents."""


@incidents.command("list")
@config_option
@format_option
@search_options
@click.option(
    "--limit", type=click.IntRange(1), default=LISTED, show_default=True,
    help="How many, the newest first.",
)  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="All of them.")
def list_(
    file: Path, form: str, query: IncidentQuery, limit: int, *, everything: bool
) -> None:
    """List incidents, the newest first.

    Only those that match all options. An option that is repeated matches if one of its
    values does; a value that begins with ! excludes.
    """
    config = or_exit(load_public, file)
    query = dataclasses.replace(query, limit=None if everything else limit)
    found = or_exit(list_incidents, config.paths.database, query, config.directory)
    if form == "json":
        print_json([incident.to_json() for incident in found.rows])
        return
    print_table([*_rows(found)], COLUMNS)
    if found.more:
        click.echo(f"the newest {limit}: for more use --limit or --all", err=True)


def _rows(found: FoundIncidents) -> Iterator[Mapping[str, object]]:
    short = shortened(incident.summary.id for incident in found.rows)
    for incident in found.rows:
        summary = incident.summary
        yield {
            "host": incident.host,
            "title": bare_title(summary.title, summary.severity),
            "severity": summary.severity,
            "state": incident.state,
            "time (UTC)": incident.time.removesuffix(" UTC"),
            "id": short[summary.id],
            "kernel": summary.kernel,
            "address": summary.source,
            "subsystem": summary.subsystem,
        }


@incidents.command()
@config_option
@format_option
@search_options
@click.option(
    "--by", type=click.Choice([*COUNT_BY]), default="week", show_default=True,
    help="What to count by.",
)  # fmt: skip
def stats(file: Path, form: str, query: IncidentQuery, by: str) -> None:
    """Count incidents by week, host, kernel, cause and so on."""
    config = or_exit(load_public, file)
    database, directory = config.paths.database, config.directory
    counts = or_exit(count_incidents, database, query, by, directory)
    if form == "json":
        print_json([count.to_json() for count in counts])
        return
    names = [by, "incidents", "panicked", "hosts"]
    columns = [Column(name, rank) for rank, name in enumerate(names)]
    if by == "cause":
        columns.append(Column("title", 0, 20))
    print_table([{**c.to_json(), by: c.key} for c in counts], columns)


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
        print_paged(incident_text(found))


@incidents.command()
@config_option
@click.option(
    "--output",
    type=click.File("wb", lazy=True),
    default="-",
    help="The file to write. Default: standard output.",
)
@click.option(
    "--format", "form", type=click.Choice(["json", "text"]), default="json",
    show_default=True, help="json: the file that the collector created; text: as shown "
    "by `incidents show`.",
)  # fmt: skip
@click.argument("id_", metavar="ID")
def export(file: Path, output: BinaryIO, form: str, id_: str) -> None:
    """Write an incident to a file: to keep it, or to send it to somebody.

    docs/spool.md describes the JSON format. A monitor takes the incident in if the file
    is put into its spool.
    """
    config = or_exit(load_public, file)
    if form == "json":
        content = or_exit(export_incident, config.paths, id_)
    else:
        name_of = config.directory.name_of
        found = or_exit(load_incident, config.paths.database, id_, name_of)
        content = f"{incident_text(found)}\n".encode()
    output.write(content)  # creates the file: not before there is something for it


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
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.argument("id_", metavar="ID")
def delete(file: Path, form: str, id_: str, *, force: bool, yes: bool) -> None:
    """Delete an incident with its trace and its deliveries."""
    config = or_exit(load_public, file)
    if not yes:
        id_ = _confirmed(config, id_)
    deleted = or_exit(delete_incident, config.paths, id_, force=force)
    print_done(form, "deleted", deleted if form == "json" else deleted[:ID_DIGITS])


def _has_terminal() -> bool:
    return sys.stdin.isatty()


def _confirmed(config: PublicConfig, id_: str) -> str:
    """Ask whether this is the right incident; return its whole id."""
    found = or_exit(load_incident, config.paths.database, id_, config.directory.name_of)
    if not _has_terminal():
        fail("no terminal to ask for confirmation: use --yes", os.EX_USAGE)
    words = f"{found.id[:ID_DIGITS]} ({found.context.about}: {found.title})"
    click.confirm(visible(f"Delete incident {words}?"), abort=True, err=True)
    return found.id
