"""The output of ``iptables-save``, and the changes that lead to our rules. Pure."""

from __future__ import annotations

import dataclasses
import re
import shlex

from omprog_panic.errors import OmprogPanicError
from omprog_panic.firewall.rules import CHAIN

_COUNTERS = re.compile(r"^\[\d+:\d+\] ")
_PASSING = {"RETURN", "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "TRACE", "CT"}
"""Targets after which the next rule is tried (iptables-extensions(8))."""


@dataclasses.dataclass(frozen=True, slots=True)
class SavedRules:
    """One table: rules by chain, as iptables-save prints them, and policies."""

    chains: dict[str, tuple[str, ...]]
    policies: dict[str, str] = dataclasses.field(default_factory=dict)
    split: dict[str, object] = dataclasses.field(
        default_factory=dict, compare=False, repr=False
    )
    """Chains as ``iptables_rules`` has split them: once for all datagrams."""

    @property
    def ours(self) -> tuple[str, ...]:
        """The rules of our chain."""
        return self.chains.get(CHAIN, ())

    @property
    def jumps(self) -> list[str]:
        """The rules of INPUT that jump to our chain."""
        return [r for r in self.chains.get("INPUT", ()) if _target(r) == CHAIN]

    @property
    def is_there(self) -> bool:
        """Whether our chain is in the table."""
        return CHAIN in self.chains


class IncompleteRulesError(OmprogPanicError):
    """iptables-save could not print all of the rules; the message has its own line."""


def parse(text: str) -> SavedRules:
    """Parse the output of iptables-save; return the filter table.

    Raises:
        IncompleteRulesError: a table contains rules that iptables cannot print.

    """
    return parse_tables(text).get("filter", SavedRules({}))


def parse_tables(text: str, *, some: bool = False) -> dict[str, SavedRules]:
    """Parse the output of iptables-save; return the tables by name.

    ``some``: leave out tables that it could not print.

    Raises:
        IncompleteRulesError: a table contains rules that iptables cannot print, which
            iptables-save reports in a comment, with exit status 0.

    """
    tables: dict[str, SavedRules] = {}
    chains: dict[str, list[str]] = {}
    policies: dict[str, str] = {}
    table = ""
    for raw in text.splitlines():
        line = _COUNTERS.sub("", raw.strip())
        if line.startswith("#") and "incompatible" in line and not some:
            raise IncompleteRulesError(line.lstrip("# "))
        if line.startswith("*"):
            table, chains, policies = line[1:], {}, {}
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            chains.setdefault(name, [])
            policies[name] = policy
        elif line.startswith("-A "):
            chains.setdefault(line.split()[1], []).append(line)
        elif line == "COMMIT":
            rules = {name: tuple(found) for name, found in chains.items()}
            tables[table] = SavedRules(rules, policies)
            table = ""
    if table:
        raise IncompleteRulesError(f"the output ends within the table {table}")
    return tables


def transaction(saved: SavedRules, rules: list[str], jump: str) -> str | None:
    """Return the input for ``iptables-restore --noflush``, None if nothing changes.

    A ``:CHAIN`` line empties the chain even with --noflush. The jump is inserted first
    if it is missing or there are several; a single one lower down stays there.
    """
    if saved.ours == tuple(rules) and saved.jumps == [jump]:
        return None
    lines = ["*filter", f":{CHAIN} - [0:0]", *rules]
    if saved.jumps != [jump]:
        lines += [f"-D{old[2:]}" for old in saved.jumps]
        lines.append(f"-I INPUT 1{jump.removeprefix('-A INPUT')}")
    return "\n".join([*lines, "COMMIT", ""])


def removal(saved: SavedRules) -> str | None:
    """Return the input that removes chain and jumps, None if they are not there."""
    if not saved.is_there:
        return None
    lines = ["*filter", *(f"-D{old[2:]}" for old in saved.jumps)]
    return "\n".join([*lines, f"-F {CHAIN}", f"-X {CHAIN}", "COMMIT", ""])


def in_front(saved: SavedRules, port: int) -> list[str]:
    """Return the rules before our jump that decide about datagrams for our port.

    Only protocol, port, interface and connection state of a rule are evaluated; a rule
    with other conditions, such as an address, is listed for the administrator to
    judge. Rules for established connections are skipped: nobody answers netconsole.
    """
    found: list[str] = []
    for rule in saved.chains.get("INPUT", ()):
        if _target(rule) == CHAIN:
            return found
        if _decides(saved, rule, port, 0):
            found.append(rule)
    return []  # without a jump nothing is in front of it


def _decides(saved: SavedRules, rule: str, port: int, depth: int) -> bool:
    if not _may_match(rule, port):
        return False
    target = _target(rule)
    if target in saved.chains:
        return depth < 10 and any(
            _decides(saved, inner, port, depth + 1) for inner in saved.chains[target]
        )
    return bool(target) and target not in _PASSING


def _target(rule: str) -> str:
    words = shlex.split(rule)
    for flag in ("-j", "-g"):
        if flag in words[:-1]:
            return words[words.index(flag) + 1]
    return ""


def _may_match(rule: str, port: int) -> bool:
    words = shlex.split(rule)

    def value(flag: str) -> str | None:
        return words[words.index(flag) + 1] if flag in words[:-1] else None

    negated = "!" in words
    if negated:
        return True
    if value("-p") not in {None, "udp", "all"} or value("-i") == "lo":
        return False
    states = value("--ctstate") or value("--state")
    if states and not {"NEW", "UNTRACKED"} & set(states.split(",")):
        return False
    ports = value("--dport") or value("--dports") or value("--ports")
    return ports is None or any(_covers(part, port) for part in ports.split(","))


def _covers(part: str, port: int) -> bool:
    first, _, last = part.partition(":")
    if not first.isdigit():
        return True  # a name from /etc/services, which is not looked up
    return int(first) <= port <= int(last or first)
