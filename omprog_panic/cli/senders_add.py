"""``omprog-panic senders add``: what both sides need for a new sending host."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from omprog_panic.admin.new_sender import NewSender, add_sender
from omprog_panic.cli.options import config_option, or_exit
from omprog_panic.host.local import LocalMachine

if TYPE_CHECKING:
    from pathlib import Path

    from omprog_panic.config.model import Receive

CLIENT_FILE = "/etc/omprog-panic/client.conf"
UNKNOWN = "ADDRESS-OF-THIS-MONITOR"


@click.command("add")
@config_option
@click.option("--source-port", default=6665, type=click.IntRange(1, 65535),
              show_default=True, help="The UDP port that it sends from.")  # fmt: skip
@click.option(
    "--monitor", default="", help="The address of this monitor, as the host sees it."
)
@click.option("--write", is_flag=True, help="Add the lines to config.yaml.")
@click.argument("name")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
def add(
    file: Path,
    source_port: int,
    monitor: str,
    write: bool,  # noqa: FBT001 - click passes it
    name: str,
    addresses: tuple[str, ...],
) -> None:
    """Print the lines for config.yaml and for the sending host of a new sender.

    Without --write nothing is changed. With it, the lines are added to config.yaml,
    which is checked first. Run `omprog-panic apply` afterwards.
    """
    new = NewSender(name, addresses, source_port)
    receive = or_exit(add_sender, file, new, write=write)
    click.echo(f"# {file} on this monitor, below senders:")
    click.echo("".join(f"  {line}\n" for line in new.entry()))
    click.echo(f"# {CLIENT_FILE} on {name}:")
    address = monitor or _own_address(receive, addresses[0])
    settings = new.client_settings(address, receive.port)
    click.echo("".join(f"{line}\n" for line in settings))
    first = "the lines are written" if write else "add the lines (or use --write)"
    click.echo(f"# here: {first}, then run: omprog-panic apply")
    click.echo(f"# on {name}: copy the file, then run: omprog-panic-client configure")
    click.echo("#     omprog-panic-client verify")
    if address == UNKNOWN:
        said = f"no route to the sender: replace {UNKNOWN}, or use --monitor ADDRESS"
        click.echo(f"warning: {said}", err=True)
        if not write:
            sys.exit(os.EX_UNAVAILABLE)


def _own_address(receive: Receive, sender: str) -> str:
    """Return the address of ours that a sender reaches: the source of the route."""
    if receive.address != "*":
        return receive.address
    argv = ["ip", "-json", "route", "get", sender.partition("/")[0]]
    try:
        return str(json.loads(LocalMachine().run(*argv).stdout)[0]["prefsrc"])
    except (ValueError, LookupError):
        return UNKNOWN
