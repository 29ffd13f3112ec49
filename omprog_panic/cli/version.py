"""``omprog-panic version``."""

from __future__ import annotations

import json

import click

from omprog_panic import __version__
from omprog_panic.cli.options import format_option


@click.command()
@format_option
def version(form: str) -> None:
    """Print the version."""
    if form == "json":
        click.echo(json.dumps({"version": 1, "data": {"program": __version__}}))
    else:
        click.echo(__version__)
