"""``omprog-panic routes test``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from omprog_panic.alerter.policy_settings import policy_settings
from omprog_panic.alerter.setup import load_setup
from omprog_panic.cli.options import config_option, format_option, or_exit
from omprog_panic.cli.output import print_json
from omprog_panic.config.policy import Action
from omprog_panic.config.vocabulary import KINDS, SEVERITIES
from omprog_panic.model import Severity
from omprog_panic.notification.notification import Labels
from omprog_panic.policy.route import explain_routes

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.policy.settings import Settings


@click.group()
def routes() -> None:
    """Explain who is told of what."""


@routes.command()
@config_option
@format_option
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="panic", show_default=True
)
@click.option("--kind", type=click.Choice(KINDS), default=None, help="Kind of crash.")
@click.option("--host", default="", help="Name of the machine.")
@click.option("--address", default="", help="Its address; names it, if it is listed.")
@click.option("--title", default="", help="Title of the crash.")
@click.option("--function", default="", help="The guilty function.")
@click.option("--kernel", default="", help="Kernel release.")
def test(file: Path, form: str, severity: str, kind: str | None, **said: str) -> None:
    """Explain for given labels which route fires, why, and who is told."""
    settings = policy_settings(or_exit(load_setup, file).config)
    answer = explain(settings, _labels(settings, severity, kind or "", said))
    if form == "json":
        print_json(answer)
        return
    click.echo(f"{answer['level']}: {answer['level_because']}")
    for step in answer["routes"]:
        mark = "->" if step["fired"] else "  "
        click.echo(f"{mark} {'  ' * step['depth']}{step['name']}: {step['words']}")
    for told in answer["told"]:
        template = f", template {told['template']}" if told["template"] else ""
        click.echo(f"told: {told['service']} (by {told['route']}{template})")
    if not answer["told"]:
        click.echo("told: nobody")


def _labels(
    settings: Settings, severity: str, kind: str, said: dict[str, str]
) -> Labels:
    address = said["address"]
    if not address:
        # A name that is listed stands for its address, as in an incident.
        named = [s for s in settings.config.senders if s.name == said["host"]]
        address = (named[0].single or "") if named else ""
    host = said["host"] or settings.directory.name_of(address, None)
    group = settings.directory.group_of(address)
    rest = {key: said[key] for key in ("title", "function", "kernel")}
    return Labels(severity, kind, host, address, group, **rest)


def explain(settings: Settings, labels: Labels) -> dict[str, Any]:
    """Say what the policy would do with an alert of these labels, ungrouped."""
    level, because = Action.ALERT, "a message that tells of no crash is sent at once"
    if labels.severity in Severity._value2member_map_:
        level, because = settings.action(labels.severity, labels.kind)
    asked = labels
    if level is Action.DIGEST and settings.config.digest_at is None:
        level = Action.STORE
        because = f"{because}, and no digest is configured"
    elif level is Action.DIGEST:
        asked = Labels("digest")  # a message of its own, which goes its own way
    told = [] if level is Action.STORE else settings.route(asked).items()
    steps = explain_routes(settings.config.root, asked)
    names = {receiver.key: receiver.label for receiver in settings.receivers}
    return {
        "labels": labels._asdict(),
        "level": level.value,
        "level_because": because,
        "routes": [step._asdict() for step in steps],
        "told": [
            {"service": names[key], "route": fired.name, "template": fired.template}
            for key, fired in told
        ],
    }
