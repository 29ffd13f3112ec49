"""``omprog-panic digest``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.digest import next_digest
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json
from omprog_panic.config.load import load_public
from omprog_panic.config.policy import time_of_day
from omprog_panic.notification.kinds import FORMATS, Kind
from omprog_panic.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omprog_panic.notification.digest import DailyDigest


@click.command()
@config_option
@format_option
def digest(file: Path, form: str) -> None:
    """Show what the next digest will contain, as it stands now."""
    config = or_exit(load_public, file)
    facts = or_exit(next_digest, config.paths.database)
    if form == "json":
        print_json(None if facts is None else FORMATS[Kind.DIGEST].encode(facts))
        return
    if facts is None:
        at = config.policy.digest_at
        if at is None:
            click.echo(
                "no digest is sent, because digest.at is never: see omprog-panic "
                "incidents list"
            )
        else:
            click.echo(
                f"nothing to report so far; the digest is sent at {time_of_day(at)}"
            )
        return
    for line in _lines(facts):
        click.echo(visible(line))


def _lines(facts: DailyDigest) -> Iterator[str]:
    for cause in facts.causes:
        head = f"{cause.severity:<10}{cause.crashes:>5}"
        yield f"{head}  {cause.title} ({', '.join(cause.hosts)})"
    for boot in facts.boots:
        yield f"{'boot':<17}{boot.name} ({boot.address})"
    for word, hosts in (("silent", facts.silent), ("never heard", facts.never)):
        for host in hosts:
            yield f"{word:<17}{host.name} ({host.address})"
    for limited in facts.suppressed:
        yield f"{'suppressed':<10}{limited.count:>5}  {limited.service}"
    for open_cause in facts.unresolved:
        held = open_cause.holder.author if open_cause.holder else "not acknowledged"
        names = ", ".join(open_cause.hosts)
        yield f"{'open':<17}{open_cause.title} ({names}): {held}"
    if facts.silenced:
        yield f"{'silenced':<10}{facts.silenced:>5}"
