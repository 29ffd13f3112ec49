"""Show, check, apply and remove the rules: what ``omprog-panic firewall`` does."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.firewall.iptables import PROGRAMS, Iptables, usable_families
from omprog_panic.firewall.rules import (
    FAMILIES,
    admissions,
    chain_rules,
    jump,
    rules_file,
)
from omprog_panic.firewall.saved import in_front, removal, transaction

if TYPE_CHECKING:
    from typing import Self

    from omprog_panic.config.model import Reception
    from omprog_panic.firewall.rules import Admission
    from omprog_panic.host.machine import Machine

UNIT = "omprog-panic-firewall.service"
"""Restores the rules at boot, from the files of ``Firewall.folder``."""
OK, WARNING, CRITICAL, UNKNOWN = range(4)


class FamilyCheck(NamedTuple):
    """The rules in force for one address family, compared with those wanted.

    ``level`` is OK, WARNING, CRITICAL or UNKNOWN; ``in_front`` lists rules of others
    that decide about our port before ours do.
    """

    name: str  # of the program: iptables, ip6tables
    level: int
    says: str
    in_front: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Firewall:
    """The rules of both families, in force and in the files for the next boot.

    ``folder`` has those files, rules.v4 and rules.v6.
    """

    machine: Machine
    admitted: tuple[Admission, ...]
    port: int
    folder: str

    @classmethod
    def of(cls, machine: Machine, reception: Reception, folder: str) -> Self:
        """Return the firewall that config.yaml asks for."""
        admitted = admissions(reception.senders)
        return cls(machine, admitted, reception.receive.port, folder)

    @classmethod
    def without_senders(cls, machine: Machine, folder: str) -> Self:
        """Return a firewall that can only be removed."""
        return cls(machine, (), 0, folder)

    def wanted(self) -> dict[int, list[str]]:
        """Return the rules by family, with the jump from INPUT first.

        Raises:
            NoSendersError: no senders are listed.

        """
        return {
            family: rules_file(family, self.admitted, self.port).splitlines()
            for family in FAMILIES
        }

    def check(self) -> list[FamilyCheck]:
        """Compare with the rules in force; changes nothing.

        Raises:
            FirewallError: the rules cannot be read.

        """
        usable, why_not = usable_families(self.machine)
        found = [self._check(iptables) for iptables in usable]
        if why_not:
            found.append(FamilyCheck(PROGRAMS[6], UNKNOWN, why_not, ()))
        return found

    def _check(self, iptables: Iptables) -> FamilyCheck:
        saved = iptables.read()
        if not saved.is_there:
            return FamilyCheck(iptables.name, CRITICAL, "not applied", ())
        rules = chain_rules(iptables.family, self.admitted)
        if saved.ours != tuple(rules) or saved.jumps != [jump(self.port)]:
            return FamilyCheck(iptables.name, CRITICAL, "differs from config.yaml", ())
        earlier = tuple(in_front(saved, self.port))
        if earlier:
            text = "in force, but other rules decide about our port first"
            return FamilyCheck(iptables.name, WARNING, text, earlier)
        return FamilyCheck(iptables.name, OK, "in force", ())

    def apply(self, *, dry_run: bool) -> list[str]:
        """Put the rules in force, write the files, and return the steps in full.

        Both families are checked before either is changed.

        Raises:
            NoSendersError: no senders are listed.
            FirewallError: iptables refuses a transaction. If it refuses the second
                after the check, the first family has changed already.

        """
        self.wanted()
        steps = []
        transactions = []
        usable, why_not = usable_families(self.machine)
        if why_not:
            steps.append(f"# {PROGRAMS[6]} is left out: {why_not}")
        for iptables in usable:
            rules = chain_rules(iptables.family, self.admitted)
            text = transaction(iptables.read(), rules, jump(self.port))
            if text is not None:
                iptables.test(text)
                transactions.append((iptables, text))
                steps.append(f"# {iptables.name}-restore --noflush\n{text}")
        for family in FAMILIES:
            path = f"{self.folder}/rules.v{family}"
            content = rules_file(family, self.admitted, self.port)
            if self.machine.read(path) != content:
                steps.append(f"# write {path}")
                if not dry_run:
                    self.machine.write(path, content)
        if not dry_run:
            for iptables, text in transactions:
                iptables.restore(text)
        return steps

    def is_kept_at_boot(self) -> bool | None:
        """Return whether the rules come back at boot, None if that is not known."""
        result = self.machine.run("systemctl", "is-enabled", UNIT)
        return result.succeeded if result.finished else None

    def remove(self, *, dry_run: bool) -> list[str]:
        """Remove all of our rules and files, and return the steps.

        Raises:
            FirewallError: the rules cannot be read, or iptables refuses.

        """
        steps = []
        usable, why_not = usable_families(self.machine)
        if why_not:
            steps.append(f"# {PROGRAMS[6]} is left out: {why_not}")
        for iptables in usable:
            text = removal(iptables.read())
            if text is not None:
                steps.append(f"# {iptables.name}-restore --noflush\n{text}")
                if not dry_run:
                    iptables.restore(text)
        for family in FAMILIES:
            path = f"{self.folder}/rules.v{family}"
            if self.machine.status(path) is not None:
                steps.append(f"# delete {path}")
                if not dry_run:
                    self.machine.delete(path)
        return steps
