"""``omprog-panic backup FILE`` and ``omprog-panic restore FILE``."""

from __future__ import annotations

from pathlib import Path

import click

from omprog_panic import __version__
from omprog_panic.admin.backup import write_backup
from omprog_panic.admin.restore import restore_backup
from omprog_panic.cli.options import config_option, or_exit
from omprog_panic.clock import SystemClock

NEXT_STEPS = """\
Next:
  omprog-panic apply
  systemctl start omprog-panic-alerter
  omprog-panic test-alert
If this monitor has another address than the one before, change `monitor=` in
/etc/omprog-panic/client.conf on each sending host, and run there:
  omprog-panic-client configure"""


@click.command()
@config_option
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
def backup(file: Path, target: Path, *, force: bool) -> None:
    """Write configuration, templates and database into FILE, for `restore`.

    FILE contains the secrets of the services: only its owner can read it.
    """
    count = or_exit(
        write_backup, file, target, SystemClock(), program=__version__, replace=force
    )
    click.echo(f"{target}: {count} files. It contains secrets: keep it safe.")


@click.command()
@config_option
@click.option("--force", is_flag=True, help="Set other files that are there aside.")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
def restore(file: Path, source: Path, *, force: bool) -> None:
    """Restore what `backup` wrote; stop the alerter before.

    Everything is checked before the first file is written.
    """
    done = or_exit(restore_backup, source, file, SystemClock(), replace=force)
    for path in done.set_aside:
        click.echo(f"set aside: {path}")
    for path in done.written:
        click.echo(f"restored: {path}")
    for path in done.damaged:
        click.echo(f"kept, delete it when you no longer need it: {path} (damaged)")
    if not done.has_database:
        click.echo("The backup has no database: the alerter begins a new one.")
    click.echo(NEXT_STEPS)
