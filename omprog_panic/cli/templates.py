"""``omprog-panic templates list|render``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from omprog_panic.admin.incidents import archived_context
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json, print_table
from omprog_panic.config.load import load_public
from omprog_panic.errors import OmprogPanicError
from omprog_panic.render.languages import LANGUAGES
from omprog_panic.render.sample import samples
from omprog_panic.render.templates import ALL_KINDS, INCIDENT, load_templates

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.render.context import MessageContext
    from omprog_panic.render.templates import TemplateFile, Templates

COLUMNS = ("message", "template", "source", "state", "file")
REMEDY = "correct it or remove the file; until then the shipped one is used"
REINSTALL = "a shipped template is not for editing: reinstall omprog-panic"

language_option = click.option(
    "--language",
    type=click.Choice(sorted(LANGUAGES)),
    help="Another language than the configured one.",
)


@click.group()
def templates() -> None:
    """Show which templates are used, and what messages look like."""


@templates.command("list")
@config_option
@format_option
@language_option
def list_(file: Path, form: str, language: str | None) -> None:
    """List the templates: which file is used, and whether it is sound.

    Exit 1 when one is not.
    """
    loaded = _load(file, language)
    files = loaded.files(samples(loaded.catalog))
    rows = [_row(item) for item in files]
    if form == "json":
        print_json(rows)
    else:
        print_table(rows, COLUMNS)
        for row in rows:
            if row["fault"]:
                click.echo(f"{row['fault']}: {row['remedy']}", err=True)
    sys.exit(1 if any(row["fault"] for row in rows) else 0)


def _row(item: TemplateFile) -> dict[str, Any]:
    remedy = REMEDY if item.source == "yours" else REINSTALL
    return {
        "message": _message(item),
        "template": item.name,
        "source": item.source,
        "state": "broken" if item.fault else "good",
        "file": str(item.file),
        "fault": item.fault,
        "remedy": remedy if item.fault else None,
    }


def _message(item: TemplateFile) -> str:
    if item.message is None:
        return "(included)"
    stem = item.name.partition(".")[0]
    return item.message if stem in ALL_KINDS else f"{item.message} (routes)"


@templates.command()
@config_option
@format_option
@language_option
@click.option(
    "--incident",
    "incident_id",
    metavar="ID",
    help="A stored incident, by the first digits of its id, instead of a made-up one.",
)
@click.option("--template", "named", help="Templates that a route names, as `short`.")
@click.option("--bare", is_flag=True, help="Made up with nothing optional known.")
@click.argument(
    "kind", type=click.Choice(ALL_KINDS), default=INCIDENT, metavar="[KIND]"
)
def render(file: Path, form: str, kind: str, **options: Any) -> None:  # noqa: ANN401
    """Render a message of a kind; exit 1 when a template fails.

    KIND is incident when left out; `omprog-panic templates list` names the others. The
    message is made up, unless --incident names a stored one.
    """
    loaded = _load(file, options["language"])
    named: str | None = options["named"]
    if named is not None and not loaded.knows(kind, named):
        _refuse(f"no template {named!r} for {kind}: see omprog-panic templates list")
    context: MessageContext = samples(loaded.catalog)[kind][1 if options["bare"] else 0]
    if options["incident_id"] is not None:
        if kind != INCIDENT:
            _refuse(f"--incident goes with the kind {INCIDENT} only")
        context = or_exit(
            archived_context,
            or_exit(load_public, file).paths.database,
            options["incident_id"],
            loaded.catalog,
            or_exit(load_public, file).host_names(),
        )
    rendered = loaded.render(context, named)
    failures = list(loaded.failures)
    if form == "json":
        print_json({**rendered._asdict(), "failures": failures})
    else:
        click.echo(f"{rendered.subject}\n\n{rendered.body}")
    for failure in failures:
        click.echo(f"{failure}: correct it or remove the file", err=True)
    sys.exit(1 if failures else 0)


def _refuse(why: str) -> None:
    def refuse() -> None:
        raise OmprogPanicError(why)

    or_exit(refuse)


def _load(file: Path, language: str | None) -> Templates:
    """Read the templates; the services with their secrets are not needed."""
    paths = or_exit(load_public, file).paths
    return or_exit(
        load_templates, paths.templates, language or or_exit(load_public, file).language
    )
