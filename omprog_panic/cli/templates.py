"""``omprog-panic templates list|render``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.templates import (
    PreviewRequest,
    list_templates,
    preview_message,
)
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table
from omprog_panic.config.load import load_public
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.templates import ALL_KINDS, INCIDENT

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("message", "template", "source", "state", "file")

language_option = click.option(
    "--language",
    type=click.Choice(sorted(LANGUAGES)),
    help="The language of the messages. Default: the configured one.",
)


@click.group()
def templates() -> None:
    """Show which templates are used and what messages look like."""


@templates.command("list")
@config_option
@format_option
@language_option
def list_(file: Path, form: str, language: str | None) -> None:
    """List the templates: which file is used, and whether it is valid.

    Exit status 1: a template is broken.
    """
    entries = or_exit(list_templates, or_exit(load_public, file), language)
    rows = [entry.to_json() for entry in entries]
    broken = [entry for entry in entries if entry.fault]
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)
        for entry in broken:
            click.echo(f"{entry.fault}: {entry.remedy}", err=True)
    sys.exit(1 if broken else 0)


@templates.command()
@config_option
@format_option
@language_option
@click.option(
    "--incident",
    metavar="ID",
    help="Render a stored incident (the first digits of its id) instead of an example.",
)
@click.option(
    "--template", help="The name of templates as in a route, such as `short`."
)
@click.option("--bare", is_flag=True, help="An example without any optional facts.")
@click.argument(
    "kind", type=click.Choice(ALL_KINDS), default=INCIDENT, metavar="[KIND]"
)
def render(  # noqa: PLR0913 - one argument for each option
    file: Path,
    form: str,
    language: str | None,
    incident: str | None,
    template: str | None,
    *,
    bare: bool,
    kind: str,
) -> None:
    """Render a message; exit status 1 if a template fails.

    KIND is incident if left out; `omprog-panic templates list` shows the others. The
    message is an example unless --incident names a stored incident.
    """
    request = PreviewRequest(kind, template, incident, bare)
    preview = or_exit(preview_message, or_exit(load_public, file), language, request)
    if form == "json":
        print_json(preview.to_json())
    else:
        click.echo(f"{preview.subject}\n\n{preview.body}")
    for failure in preview.failures:
        click.echo(f"{failure}: correct it or remove the file", err=True)
    sys.exit(1 if preview.failures else 0)
