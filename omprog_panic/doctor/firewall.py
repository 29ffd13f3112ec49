"""Whether the firewall accepts the listed senders, and only them.

``doctor`` and ``status`` report the same findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.apply.plan import FIREWALL
from omprog_panic.doctor.finding import Finding, critical, ok, unknown, warning
from omprog_panic.firewall.iptables import NO_CAPABILITY, FirewallError
from omprog_panic.firewall.live import (
    SenderPassage,
    deciding_owner,
    firewall_owner,
    sender_passages,
)
from omprog_panic.firewall.manage import UNIT, UNKNOWN, Firewall
from omprog_panic.firewall.rules import admissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.config.model import Reception
    from omprog_panic.doctor.context import CheckContext
    from omprog_panic.firewall.manage import FamilyCheck
    from omprog_panic.firewall.owner import FirewallOwner
    from omprog_panic.host.machine import Machine

SHOWN = 10  # senders on one line
NEEDS_ROOT = "use sudo"


def check_firewall(x: CheckContext) -> Iterator[Finding]:
    """Evaluate the rules in force for each sender; compare ours with config.yaml."""
    if x.config is None or not x.config.senders:
        return
    port = x.config.receive.port
    owner = firewall_owner(x.machine, port)
    yield from firewall_findings(x.machine, x.config.reception, owner)
    if owner is None and not x.machine.names(FIREWALL):
        yield warning(
            "firewall",
            f"any host that can reach UDP port {port} may send",
            "omprog-panic firewall apply",
        )


def firewall_findings(
    machine: Machine, reception: Reception, owner: FirewallOwner | None
) -> Iterator[Finding]:
    """Report which senders the rules in force let through, and how ours differ.

    Whoever made the rules: with or without rules of ours, and of every owner.

    Raises:
        UnreadableError: this user may not look.

    """
    yield from _passages(machine, reception, owner)
    if owner is not None or not machine.names(FIREWALL):
        return  # it decides who else may send; or ours were never applied
    rules = Firewall.of(machine, reception, FIREWALL)
    try:
        found = rules.check()
    except FirewallError as error:
        yield unknown("firewall", str(error), _how_to_know(str(error)))
        return
    for family in found:
        yield _finding(family)
    if rules.is_kept_at_boot() is False:
        yield warning(
            "firewall", "the rules are lost at a reboot", f"systemctl enable {UNIT}"
        )


def _passages(
    machine: Machine, reception: Reception, owner: FirewallOwner | None
) -> Iterator[Finding]:
    """Report which senders the rules in force let through, whoever made them."""
    found = sender_passages(machine, reception.senders, reception.receive.port)
    blocked = [row for row in found if row.passage.passes is False]
    unsure = [row for row in found if row.passage.passes is None]
    if blocked:
        yield critical(
            "firewall",
            f"the rules drop the datagrams of {_named(blocked)}:"
            f" {blocked[0].passage.where}",
            *_remedies(machine, reception, owner, blocked),
        )
    if unsure:
        yield unknown(
            "firewall",
            f"it is not known whether datagrams of {_named(unsure)} pass:"
            f" {unsure[0].passage.where}",
            _how_to_know(unsure[0].passage.where),
        )
    if not blocked and not unsure:
        by = f", managed by {owner.name}" if owner else ""
        yield ok("firewall", f"the rules in force{by} accept all listed senders")


def _remedies(
    machine: Machine,
    reception: Reception,
    owner: FirewallOwner | None,
    blocked: list[SenderPassage],
) -> list[str]:
    port = reception.receive.port
    owner = owner or deciding_owner(machine, port)
    if owner is None:
        return ["omprog-panic firewall apply", "or change the rule named here"]
    names = {row.sender for row in blocked}
    senders = [sender for sender in reception.senders if sender.name in names]
    return [*owner.lines(admissions(senders), port), owner.lasts]


def _how_to_know(where: str) -> str:
    if NO_CAPABILITY in where:
        return "start the container with CAP_NET_ADMIN, or check on the host"
    if "is not installed" in where:
        return f"apt install {'nftables' if where.startswith('nft') else 'iptables'}"
    if "ermission" in where or "ermitted" in where or "must be root" in where:
        return NEEDS_ROOT
    return "omprog-panic-client verify on that sender shows whether it arrives"


def _named(rows: list[SenderPassage]) -> str:
    names = list(dict.fromkeys(f"{row.sender} ({row.address})" for row in rows))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _finding(found: FamilyCheck) -> Finding:
    text = f"{found.name}: {found.says}"
    if found.in_front:
        rules = "; ".join(found.in_front)
        remedy = f"{found.name} -D INPUT ..., or move that rule below ours"
        return warning("firewall", f"{text}: {rules}", remedy)
    if found.level == UNKNOWN:
        return unknown("firewall", text, _how_to_know(found.says))
    if found.level:
        return critical("firewall", text, "omprog-panic firewall apply")
    return ok("firewall", text)
