"""``omprog-panic ack``, ``unack`` and ``resolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from omprog_panic.admin.cause_actions import CauseOrder, order
from omprog_panic.admin.silences import parse_duration
from omprog_panic.cli.options import (
    author_option,
    config_option,
    format_option,
    or_exit,
    user_name,
)
from omprog_panic.cli.output import print_json
from omprog_panic.config.load import load_public
from omprog_panic.plain import visible
from omprog_panic.policy.event import CauseAction

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {
    CauseAction.ACKNOWLEDGE: "acknowledged",
    CauseAction.UNACKNOWLEDGE: "no longer acknowledged",
    CauseAction.RESOLVE: "resolved",
}

target_argument = click.argument("target", metavar="ID|CAUSE")
comment_option = click.option(
    "--comment",
    default="",
    help="What you found, or what you are doing; shown in messages.",
)


@click.command()
@config_option
@format_option
@click.option(
    "--for",
    "length",
    default=None,
    help="For how long, such as 4h. Default: until it is resolved.",
)
@comment_option
@author_option
@target_argument
def ack(
    file: Path,
    form: str,
    length: str | None,
    comment: str,
    author: str | None,
    target: str,
) -> None:
    """Acknowledge a cause: you are working on it, and escalation stops.

    ID: the first digits of the id of one of its incidents; omprog-panic status lists
    the open causes. Further crashes of the cause are not reported until it gets worse.
    """
    seconds = None if length is None else or_exit(parse_duration, length)
    wanted = CauseOrder(CauseAction.ACKNOWLEDGE, user_name(author), comment, seconds)
    _order(file, form, target, wanted)


@click.command()
@config_option
@format_option
@author_option
@target_argument
def unack(file: Path, form: str, author: str | None, target: str) -> None:
    """Withdraw an acknowledgement: nobody is working on the cause any more."""
    wanted = CauseOrder(CauseAction.UNACKNOWLEDGE, user_name(author))
    _order(file, form, target, wanted)


@click.command()
@config_option
@format_option
@comment_option
@author_option
@target_argument
def resolve(
    file: Path, form: str, comment: str, author: str | None, target: str
) -> None:
    """Resolve a cause: its next crash counts as new."""
    wanted = CauseOrder(CauseAction.RESOLVE, user_name(author), comment)
    _order(file, form, target, wanted)


def _order(file: Path, form: str, target: str, wanted: CauseOrder) -> None:
    found = or_exit(order, or_exit(load_public, file).paths, target, wanted)
    if form == "json":
        print_json({"action": wanted.action.value, **found.to_json()})
    else:
        words = f"{WORDS[wanted.action]} by {wanted.author}"
        click.echo(visible(f"{words}: {found.severity}: {found.title} ({found.cause})"))
