"""``omprog-panic firewall show|check|apply|remove``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from omprog_panic.apply import plan
from omprog_panic.cli.options import (
    config_option,
    format_option,
    or_exit,
    require_root,
)
from omprog_panic.cli.output import print_json
from omprog_panic.config.load import load_public
from omprog_panic.firewall.manage import PLUGIN, Firewall
from omprog_panic.firewall.owner import find_owner
from omprog_panic.host.local import LocalMachine

if TYPE_CHECKING:
    from collections.abc import Callable

    from omprog_panic.firewall.manage import FamilyCheck
    from omprog_panic.firewall.owner import FirewallOwner

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Print the steps, but do nothing."
)


@click.group()
def firewall() -> None:
    """Manage firewall rules that admit only the listed senders to our port."""


def _firewall(file: Path) -> Firewall:
    reception = or_exit(load_public, file).reception
    return or_exit(Firewall.of, LocalMachine(), reception, plan.FIREWALL)


@firewall.command()
@config_option
@format_option
def show(file: Path, form: str) -> None:
    """Print the rules for the senders in config.yaml."""
    wanted = _firewall(file).wanted()
    if form == "json":
        print_json({f"v{family}": rules for family, rules in wanted.items()})
        return
    for family, rules in wanted.items():
        click.echo("# iptables" if family == 4 else "# ip6tables")
        click.echo("\n".join(rules))


@firewall.command()
@config_option
@format_option
def check(file: Path, form: str) -> None:
    """Compare the rules with those in force.

    Exit status 0: our rules are in force; 1: another rule comes before them; 2: they
    are not in force.
    """
    families = or_exit(_firewall(file).check)
    if form == "json":
        print_json([_encode(family) for family in families])
    else:
        for family in families:
            _print(family)
    sys.exit(max(family.level for family in families))


def _encode(found: FamilyCheck) -> dict[str, object]:
    return {
        "name": found.name,
        "level": found.level,
        "says": found.says,
        "in_front": found.in_front,
    }


def _print(found: FamilyCheck) -> None:
    click.echo(f"{found.name}: {found.says}")
    for rule in found.in_front:
        click.echo(f"  before our rules: {rule}")


@firewall.command()
@config_option
@dry_run_option
@click.option(
    "--force", is_flag=True, help="Even if another program manages the firewall."
)
@format_option
def apply(file: Path, dry_run: bool, force: bool, form: str) -> None:  # noqa: FBT001
    """Put the rules in force, now and at every boot."""
    rules = _firewall(file)
    owner = find_owner(LocalMachine())
    if owner is not None and not force:
        _refuse(owner, rules, form)
    _change("apply", rules.apply, dry_run=dry_run, form=form)
    if not dry_run and form == "text" and not Path(PLUGIN).parent.is_dir():
        click.echo(
            "notice: these rules do not survive a reboot:"
            " run `apt install netfilter-persistent`",
            err=True,
        )


def _refuse(owner: FirewallOwner, rules: Firewall, form: str) -> None:
    lines = owner.lines(rules.admitted, rules.port)
    if form == "json":
        print_json({"owner": owner.name, "why": owner.why, "instead": lines})
    else:
        click.echo(
            f"{owner.name} manages the firewall here ({owner.why}): nothing was"
            " changed. The same rules for it:",
            err=True,
        )
        click.echo("\n".join(lines))
    sys.exit(os.EX_UNAVAILABLE)


@firewall.command()
@config_option
@dry_run_option
@format_option
def remove(file: Path, dry_run: bool, form: str) -> None:  # noqa: FBT001
    """Remove our rules, now and for every boot; no other rule is changed."""
    del file  # the rules can be removed even if the configuration is faulty
    _change(
        "remove",
        Firewall.without_senders(LocalMachine(), plan.FIREWALL).remove,
        dry_run=dry_run,
        form=form,
    )


def _change(
    verb: str, change: Callable[..., list[str]], *, dry_run: bool, form: str
) -> None:
    if not dry_run:
        require_root()
    steps = or_exit(change, dry_run=dry_run)
    if form == "json":
        print_json({"verb": verb, "dry_run": dry_run, "steps": steps})
        return
    for step in steps:
        click.echo(step.rstrip("\n"))
    if not steps:
        click.echo("nothing to change")
    elif not dry_run:
        # A dry run prints the same steps.
        state = "in force" if verb == "apply" else "removed"
        click.echo(f"done: the rules are {state}")
