"""``omprog-panic senders add``: what both sides need for a new sending host."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from omprog_panic.cli.options import config_option, or_exit
from omprog_panic.config.load import load_public
from omprog_panic.config.sender_entry import entry_lines, insert_entry
from omprog_panic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omprog_panic.config.model import Reception

CLIENT_FILE = "/etc/omprog-panic/client.conf"
UNKNOWN = "ADDRESS-OF-THIS-MONITOR"


@click.command("add")
@config_option
@click.option("--source-port", default=6665, type=click.IntRange(1, 65535),
              show_default=True, help="The port that it sends from.")  # fmt: skip
@click.option("--monitor", default="", help="This monitor's address, as seen there.")
@click.option("--write", is_flag=True, help="Put the lines into config.yaml.")
@click.argument("name")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
def add(
    file: Path,
    source_port: int,
    monitor: str,
    write: bool,  # noqa: FBT001 - click gives it
    name: str,
    addresses: tuple[str, ...],
) -> None:
    """Print what config.yaml and the sending host need for a new sender.

    Nothing is changed without --write, and then only config.yaml, checked before it
    is replaced; `omprog-panic apply` follows.
    """
    entry = entry_lines(name, addresses, source_port)
    reception = or_exit(_with_entry, file, entry, write=write)
    click.echo(f"# {file} on this monitor, below senders:")
    click.echo("".join(f"  {line}\n" for line in entry))
    click.echo(f"# {CLIENT_FILE} on {name}:")
    address = monitor or _own_address(reception, addresses[0])
    click.echo("".join(f"{line}\n" for line in client_lines(
        name, address, reception.receive.port, source_port)))  # fmt: skip
    first = "written" if write else "copy the lines (or --write)"
    click.echo(f"# here: {first}, then: omprog-panic apply")
    click.echo(f"# on {name}: copy the file, then: omprog-panic-client configure")
    click.echo("#     omprog-panic-client verify")
    if address == UNKNOWN:
        click.echo("no route to the sender: give --monitor ADDRESS", err=True)
        sys.exit(os.EX_UNAVAILABLE)


def client_lines(name: str, monitor: str, port: int, source_port: int) -> list[str]:
    """Return the settings file of the sending host."""
    return [
        f"monitor={monitor}",
        f"port={port}",
        f"source_port={source_port}",
        f"host={name}",
    ]


def _with_entry(file: Path, entry: Sequence[str], *, write: bool) -> Reception:
    """Check config.yaml with the entry in it, and replace it when asked.

    Raises:
        ConfigError: a fault in the file as it is, or as it would be.

    """
    before = load_public(file).reception
    text = insert_entry(file.read_text("utf-8"), entry)
    with tempfile.TemporaryDirectory(prefix="omprog-panic-") as folder:
        draft = Path(folder) / file.name
        draft.write_text(text, "utf-8")
        try:
            after = load_public(draft).reception
        except ConfigError as error:
            # Its lines are those of the file as it would be.
            faults = [f.replace(str(draft), str(file)) for f in error.faults]
            raise ConfigError(faults) from error
    name = after.senders[-1].name
    if name in {sender.name for sender in before.senders}:
        raise ConfigError([f"{file}: {name} is listed already"])
    if after.senders[:-1] != before.senders:
        raise ConfigError([f"{file}: copy the lines by hand: the list is not plain"])
    if write:
        _replace(file, text)
    return after


def _replace(file: Path, text: str) -> None:
    """Put the new text in place at once, with the mode and owner of the old."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copystat(file, draft)
        status = file.stat()
        os.chown(draft, status.st_uid, status.st_gid)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _own_address(reception: Reception, sender: str) -> str:
    """Find the address of ours that a sender reaches: where we would answer from."""
    if reception.receive.address != "*":
        return reception.receive.address
    argv = ["ip", "-json", "route", "get", sender.partition("/")[0]]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return str(json.loads(done.stdout)[0]["prefsrc"])
    except (OSError, ValueError, LookupError):
        return UNKNOWN
