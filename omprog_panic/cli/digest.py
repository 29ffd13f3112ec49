"""``omprog-panic digest``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from omprog_panic.admin.senders import next_digest
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json
from omprog_panic.config.load import load_public
from omprog_panic.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@click.command()
@config_option
@format_option
def digest(file: Path, form: str) -> None:
    """Show what the next digest will say, as it stands now."""
    details = or_exit(next_digest, or_exit(load_public, file).paths.database)
    if form == "json":
        print_json(details)
        return
    if details is None:
        click.echo("nothing so far")
        return
    for line in _lines(details):
        click.echo(visible(line))


def _lines(details: Mapping[str, Any]) -> Iterator[str]:
    for cause in details["causes"]:
        hosts = ", ".join(cause["hosts"])
        head = f"{cause['severity']:<10}{cause['crashes']:>5}"
        yield f"{head}  {cause['title']} ({hosts})"
    for word, key in (
        ("boot", "boots"),
        ("silent", "silent"),
        ("never", "never"),
    ):
        for host in details[key]:
            yield f"{word:<17}{host['name']} ({host['address']})"
    for service, count in details["held"]:
        yield f"held {count:>10}  {service}"
    if details["silenced"]:
        yield f"silenced {details['silenced']:>6}"
