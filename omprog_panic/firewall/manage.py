"""Show, check, apply, remove: the firewall as the command line knows it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.firewall.iptables import Iptables
from omprog_panic.firewall.rules import (
    FAMILIES,
    admissions,
    chain_rules,
    jump,
    rules_file,
)
from omprog_panic.firewall.saved import in_front, removal, transaction

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from omprog_panic.config.model import Reception
    from omprog_panic.firewall.rules import Admission

PLUGIN = "/usr/share/netfilter-persistent/plugins.d/30-omprog-panic"
OK, WARNING, CRITICAL = range(3)


class Verdict(NamedTuple):
    """What is in force for one family, against what should be."""

    name: str
    level: int
    says: str
    in_front: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Firewall:
    """The rules of both families, their files for the next boot, and iptables."""

    admitted: tuple[Admission, ...]
    port: int
    folder: Path

    @classmethod
    def of(cls, reception: Reception, folder: Path) -> Self:
        """Make the firewall that config.yaml asks for."""
        return cls(admissions(reception.senders), reception.receive.port, folder)

    @classmethod
    def bare(cls, folder: Path) -> Self:
        """Make one without senders: to take the rules away."""
        return cls((), 0, folder)

    def wanted(self) -> dict[int, list[str]]:
        """Return the rules by family, the jump of INPUT first.

        Raises:
            NoSendersError: nobody is listed.

        """
        return {
            family: rules_file(family, self.admitted, self.port).splitlines()
            for family in FAMILIES
        }

    def check(self) -> list[Verdict]:
        """Compare with what is in force; changes nothing.

        Raises:
            FirewallError: iptables cannot be asked.

        """
        return [self._check(Iptables(family)) for family in FAMILIES]

    def _check(self, iptables: Iptables) -> Verdict:
        saved = iptables.read()
        if not saved.is_there:
            return Verdict(iptables.name, CRITICAL, "not applied", ())
        rules = chain_rules(iptables.family, self.admitted)
        if saved.ours != tuple(rules) or saved.jumps != [jump(self.port)]:
            return Verdict(iptables.name, CRITICAL, "differs from config.yaml", ())
        earlier = tuple(in_front(saved, self.port))
        if earlier:
            text = "in force, but other rules decide about our port before ours"
            return Verdict(iptables.name, WARNING, text, earlier)
        return Verdict(iptables.name, OK, "in force", ())

    def apply(self, *, dry_run: bool) -> list[str]:
        """Put the rules in force and keep them; give what is done, in full.

        Both families are checked before either changes.

        Raises:
            NoSendersError: nobody is listed.
            FirewallError: iptables refuses; neither family has changed, unless the
                first was changed already, which is then put back.

        """
        self.wanted()
        steps = []
        todo = []
        for family in FAMILIES:
            iptables = Iptables(family)
            before = iptables.read()
            rules = chain_rules(family, self.admitted)
            text = transaction(before, rules, jump(self.port))
            if text is not None:
                iptables.test(text)
                todo.append((iptables, text))
                steps.append(f"# {iptables.name}-restore --noflush\n{text}")
        for family in FAMILIES:
            path = self.folder / f"rules.v{family}"
            content = rules_file(family, self.admitted, self.port)
            if not path.exists() or path.read_text("utf-8") != content:
                steps.append(f"# write {path}")
                if not dry_run:
                    _write(path, content)
        if not dry_run:
            for iptables, text in todo:
                iptables.restore(text)
        return steps

    def remove(self, *, dry_run: bool) -> list[str]:
        """Take everything of ours away; give what is done.

        Raises:
            FirewallError: iptables cannot be asked, or refuses.

        """
        steps = []
        for family in FAMILIES:
            iptables = Iptables(family)
            text = removal(iptables.read())
            if text is not None:
                steps.append(f"# {iptables.name}-restore --noflush\n{text}")
                if not dry_run:
                    iptables.restore(text)
            path = self.folder / f"rules.v{family}"
            if path.exists():
                steps.append(f"# delete {path}")
                if not dry_run:
                    path.unlink()
        return steps


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(content)
    draft.chmod(0o644)
    draft.replace(path)
