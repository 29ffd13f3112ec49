"""Whether our firewall rules are in force, and what comes before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omprog_panic.apply.plan import FIREWALL
from omprog_panic.config.model import Reception
from omprog_panic.doctor.finding import Finding, critical, ok, unknown, warning
from omprog_panic.firewall.iptables import FirewallError
from omprog_panic.firewall.manage import Firewall
from omprog_panic.firewall.owner import find_owner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omprog_panic.doctor.context import CheckContext
    from omprog_panic.firewall.manage import FamilyCheck


def check_firewall(x: CheckContext) -> Iterator[Finding]:
    """Compare the rules in force with config.yaml."""
    if x.config is None or not x.config.senders:
        return
    owner = find_owner(x.machine)
    if owner is not None:
        yield ok("firewall", f"managed by {owner.name}; our rules are not used")
        return
    reception = Reception(x.config.senders, x.config.receive)
    if not x.machine.names(FIREWALL):
        yield warning(
            "firewall",
            f"any host that can reach UDP port {x.config.receive.port} may send",
            "omprog-panic firewall apply",
        )
        return
    try:
        found = Firewall.of(x.machine, reception, FIREWALL).check()
    except FirewallError as error:
        yield unknown("firewall", str(error), "use sudo")
        return
    for family in found:
        yield _finding(family)


def _finding(found: FamilyCheck) -> Finding:
    text = f"{found.name}: {found.says}"
    if found.in_front:
        rules = "; ".join(found.in_front)
        remedy = f"{found.name} -D INPUT ..., or move that rule below ours"
        return warning("firewall", f"{text}: {rules}", remedy)
    if found.level:
        return critical("firewall", text, "omprog-panic firewall apply")
    return ok("firewall", text)
