"""``omprog-panic routes test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.routing import (
    RoutingQuestion,
    explain_routing,
    load_memory,
    parse_at,
)
from omprog_panic.alerter.setup import load_setup
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json
from omprog_panic.config.vocabulary import KINDS, SEVERITIES

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.admin.routing import RoutingAnswer


@click.group()
def routes() -> None:
    """Explain who is notified of what."""


@routes.command()
@config_option
@format_option
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="panic", show_default=True
)
@click.option("--kind", type=click.Choice(KINDS), help="The kind of crash.")
@click.option("--host", default="", help="The name of the machine.")
@click.option(
    "--address",
    default="",
    help="Its address; that of a listed sender implies its name.",
)
@click.option("--title", default="", help="The title of the crash.")
@click.option("--function", default="", help="The function that is blamed.")
@click.option("--kernel", default="", help="The kernel release.")
@click.option("--subsystem", default="", help="The subsystem of the function.")
@click.option(
    "--at",
    default=None,
    help="When it arrives, such as '2026-11-29 02:00 Europe/Berlin'. Default: now.",
)
def test(
    file: Path,
    form: str,
    severity: str,
    kind: str | None,
    at: str | None,
    **labels: str,
) -> None:
    """Explain which route an alert takes, why, and which services are notified."""
    question = RoutingQuestion(severity, kind or "", **labels)
    config = or_exit(load_setup, file).config
    wall = None if at is None else or_exit(parse_at, at)
    memory = load_memory(config.paths.database)
    answer = explain_routing(config, question, memory, wall)
    if form == "json":
        print_json(answer.to_json())
    else:
        _print(answer)


def _print(answer: RoutingAnswer) -> None:
    click.echo(f"{answer.action.value}: {answer.reason}")
    for step in answer.steps:
        mark = "->" if step.fired else "  "
        click.echo(f"{mark} {'  ' * step.depth}{step.name}: {step.words}")
    if answer.silence is not None:
        click.echo(f"silenced: {answer.silence}")
    for notified in () if answer.silence is not None else answer.services:
        template = f", template {notified.template}" if notified.template else ""
        word = "notified" if notified.suppressed is None else "suppressed"
        click.echo(f"{word}: {notified.service} (by {notified.route}{template})")
        if notified.suppressed is not None:
            click.echo(
                f"    {notified.suppressed}: it is sent later, or counted in a summary"
            )
    if answer.silence is not None or not answer.services:
        click.echo("notified: no service")
    for planned in () if answer.silence is not None else answer.escalation:
        repeat = f", then every {planned.repeat}" if planned.repeat else ""
        services = "; ".join(planned.services) or "no service"
        click.echo(
            f"escalated: after {planned.after}{repeat}: {services} "
            f"(by {planned.route}), unless somebody acknowledges"
        )
