"""``omprog-panic firewall show|check|apply|remove``."""

from __future__ import annotations

import os
import sys
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
from omprog_panic.firewall.live import firewall_owner, sender_passages
from omprog_panic.firewall.manage import UNIT, UNKNOWN, Firewall
from omprog_panic.firewall.rules import admissions
from omprog_panic.host.local import LocalMachine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from omprog_panic.firewall.live import SenderPassage
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
    """Compare our rules with those in force, and evaluate all rules for each sender.

    Exit status 0: our rules are in force, and every sender passes; 1: another rule
    comes before ours; 2: our rules are not in force, or a sender is blocked; 3: it is
    not known whether a sender passes.
    """
    rules = _firewall(file)
    owner = or_exit(firewall_owner, LocalMachine(), rules.port)
    families = [] if owner is not None else or_exit(rules.check)
    senders = _passages(file)
    if form == "json":
        print_json(
            {
                "owner": owner.name if owner else None,
                "families": [_encode(family) for family in families],
                "senders": [_encode_sender(row) for row in senders],
            }
        )
    else:
        _print(owner, families, senders)
    levels = [family.level for family in families if family.level != UNKNOWN]
    levels += [2 for row in senders if row.passage.passes is False]
    unsure = any(family.level == UNKNOWN for family in families)
    unsure = unsure or any(row.passage.passes is None for row in senders)
    sys.exit(max(levels, default=0) or (3 if unsure else 0))


def _passages(file: Path) -> list[SenderPassage]:
    reception = or_exit(load_public, file).reception
    port = reception.receive.port
    return or_exit(sender_passages, LocalMachine(), reception.senders, port)


def _encode(found: FamilyCheck) -> dict[str, object]:
    return {
        "name": found.name,
        "level": found.level,
        "says": found.says,
        "in_front": found.in_front,
    }


def _encode_sender(row: SenderPassage) -> dict[str, object]:
    return {
        "name": row.sender,
        "address": row.address,
        "passes": row.passage.passes,
        "where": row.passage.where,
    }


def _print(
    owner: FirewallOwner | None,
    families: list[FamilyCheck],
    senders: list[SenderPassage],
) -> None:
    if owner is not None:
        click.echo(f"managed by {owner.name}: {owner.why}")
    for found in families:
        click.echo(f"{found.name}: {found.says}")
        for rule in found.in_front:
            click.echo(f"  before our rules: {rule}")
    bad = [row for row in senders if not row.passage.passes]
    for row in bad:
        word = "blocked" if row.passage.passes is False else "unknown"
        click.echo(f"{row.sender} ({row.address}): {word}: {row.passage.where}")
    if senders and not bad:
        click.echo(f"all {len(senders)} senders pass")


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
    owner = or_exit(firewall_owner, LocalMachine(), rules.port)
    if owner is not None and not force:
        _refuse(owner, file, form)
    _change("apply", rules.apply, dry_run=dry_run, form=form)
    if not dry_run and form == "text" and rules.is_kept_at_boot() is not True:
        click.echo(
            "notice: these rules do not survive a reboot:"
            f" run `systemctl enable {UNIT}`",
            err=True,
        )


def _refuse(owner: FirewallOwner, file: Path, form: str) -> None:
    reception = or_exit(load_public, file).reception
    blocked = {row.sender for row in _passages(file) if not row.passage.passes}
    senders = [sender for sender in reception.senders if sender.name in blocked]
    lines = owner.lines(admissions(senders), reception.receive.port) if senders else []
    if form == "json":
        print_json({"owner": owner.name, "why": owner.why, "instead": lines})
    elif not lines:
        click.echo(
            f"{owner.name} manages the firewall here ({owner.why}): nothing was"
            " changed. All senders pass already.",
            err=True,
        )
    else:
        click.echo(
            f"{owner.name} manages the firewall here ({owner.why}): nothing was"
            f" changed. Run this instead ({owner.lasts}):",
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
