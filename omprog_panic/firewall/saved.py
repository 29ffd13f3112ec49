"""What ``iptables-save`` says, and how to get from there to our rules. Pure."""

from __future__ import annotations

import dataclasses
import re
import shlex

from omprog_panic.firewall.rules import CHAIN

_COUNTERS = re.compile(r"^\[\d+:\d+\] ")
_PASSING = {"RETURN", "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "TRACE", "CT"}
"""Targets after which the next rule is asked (iptables-extensions(8))."""


@dataclasses.dataclass(frozen=True, slots=True)
class Saved:
    """The rules of the filter table by chain, as iptables-save writes them."""

    chains: dict[str, tuple[str, ...]]

    @property
    def ours(self) -> tuple[str, ...]:
        """The rules of our chain."""
        return self.chains.get(CHAIN, ())

    @property
    def jumps(self) -> list[str]:
        """The rules of INPUT that lead to our chain."""
        return [r for r in self.chains.get("INPUT", ()) if _target(r) == CHAIN]

    @property
    def is_there(self) -> bool:
        """Whether anything of ours is in the table."""
        return CHAIN in self.chains


def parse(text: str) -> Saved:
    """Read the output of iptables-save; other tables than filter are passed over."""
    chains: dict[str, list[str]] = {}
    table = "filter"
    for raw in text.splitlines():
        line = _COUNTERS.sub("", raw.strip())
        if line.startswith("*"):
            table = line[1:]
        elif table != "filter":
            continue
        elif line.startswith(":"):
            chains.setdefault(line[1:].split()[0], [])
        elif line.startswith("-A "):
            chains.setdefault(line.split()[1], []).append(line)
    return Saved({name: tuple(rules) for name, rules in chains.items()})


def transaction(saved: Saved, rules: list[str], jump: str) -> str | None:
    """Write the input for ``iptables-restore --noflush``; None: nothing to do.

    A ``:CHAIN`` line empties the chain also with --noflush. The jump is put first
    where it is missing or where there are several; one that stands lower stays.
    """
    if saved.ours == tuple(rules) and saved.jumps == [jump]:
        return None
    lines = ["*filter", f":{CHAIN} - [0:0]", *rules]
    if saved.jumps != [jump]:
        lines += [f"-D{old[2:]}" for old in saved.jumps]
        lines.append(f"-I INPUT 1{jump.removeprefix('-A INPUT')}")
    return "\n".join([*lines, "COMMIT", ""])


def removal(saved: Saved) -> str | None:
    """Write the input that takes everything of ours away; None: nothing is there."""
    if not saved.is_there:
        return None
    lines = ["*filter", *(f"-D{old[2:]}" for old in saved.jumps)]
    return "\n".join([*lines, f"-F {CHAIN}", f"-X {CHAIN}", "COMMIT", ""])


def in_front(saved: Saved, port: int) -> list[str]:
    """Return the rules before our jump that decide about datagrams for our port.

    What a rule says beyond protocol, port and interface (an address, a state) is not
    weighed: it is shown, and the administrator judges. Rules for connections that are
    known already are no danger: nothing ever answers netconsole.
    """
    found: list[str] = []
    for rule in saved.chains.get("INPUT", ()):
        if _target(rule) == CHAIN:
            return found
        if _decides(saved, rule, port, 0):
            found.append(rule)
    return []  # no jump of ours: there is nothing to be in front of


def _decides(saved: Saved, rule: str, port: int, depth: int) -> bool:
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
        return True  # a name of /etc/services: not looked up
    return int(first) <= port <= int(last or first)
