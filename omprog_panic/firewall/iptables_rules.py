"""What the rules of iptables decide about a datagram. Pure (iptables-extensions(8))."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.firewall.passage import (
    MAX_DEPTH,
    UNDECIDED,
    ChainOutcome,
    ChainWalk,
    Marks,
    Match,
    SourceIndex,
    Verdict,
    all_of,
    is_in,
    negate,
    same_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.firewall.passage import Datagram
    from omprog_panic.firewall.saved import SavedRules

ALL_BITS = 0xFFFFFFFF
_TARGETS = {
    "ACCEPT": frozenset({Verdict.ACCEPT}),
    "DROP": frozenset({Verdict.DROP}),
    "REJECT": frozenset({Verdict.DROP}),
}
_PASSING = frozenset(
    {"", "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "TRACE", "CT", "NOTRACK", "AUDIT"}
)
"""Targets after which the next rule is tried."""
_STATES = {"NEW", "UNTRACKED"}  # nobody answers netconsole


def evaluate(
    saved: SavedRules, chain: str, datagram: Datagram, marks: Marks | None = None
) -> ChainOutcome:
    """Return what a base chain, such as INPUT, decides.

    ``marks`` are those that the datagram has before, and is given; 0 without them.
    """
    marks = marks or Marks()
    policy = Verdict.DROP if saved.policies.get(chain) == "DROP" else Verdict.ACCEPT
    return _walk(saved, chain, _Passing(datagram, marks), 0).outcome(policy)


class _Rule(NamedTuple):
    """One rule, split into words once."""

    text: str
    words: list[str]
    target: str
    goes: bool  # to the target, instead of jumping

    @property
    def host(self) -> str | None:
        """What stands behind -s, unless it is negated."""
        if "-s" not in self.words or "!" in self.words:
            return None
        return self.words[self.words.index("-s") + 1]


class _Chain:
    """The rules of one chain."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.rules = []
        for text in texts:
            # Rules without quotes are many, and shlex is slow.
            quoted = '"' in text or "\\" in text or "'" in text
            words = shlex.split(text) if quoted else text.split()
            self.rules.append(_Rule(text, words, *_target(words)))
        self._index = SourceIndex(rule.host for rule in self.rules)

    def candidates(self, datagram: Datagram) -> list[_Rule]:
        return [self.rules[n] for n in self._index.candidates(datagram.source)]


def _chain(saved: SavedRules, name: str) -> _Chain:
    found = saved.split.get(name)
    if not isinstance(found, _Chain):
        found = saved.split[name] = _Chain(saved.chains.get(name, ()))
    return found


class _Passing(NamedTuple):
    """A datagram on its way."""

    datagram: Datagram
    marks: Marks


def _walk(saved: SavedRules, chain: str, passing: _Passing, depth: int) -> ChainWalk:
    walk = ChainWalk()
    for rule in _chain(saved, chain).candidates(passing.datagram):
        if walk.ended:
            return walk
        text, words, target, goes = rule
        match = all_of(_conditions(words, passing))
        if target in {"MARK", "CONNMARK"}:
            _change_marks(words, target, walk.perhaps(match), passing.marks)
        if match is Match.NO or target in _PASSING:
            continue
        if target == "RETURN":
            walk.stop(match)
        elif target in saved.chains:
            if depth >= MAX_DEPTH:
                walk.add(match, ChainOutcome(UNDECIDED), text)
                continue
            before = passing.marks.copy()
            inner = _walk(saved, target, passing, depth + 1).outcome()
            if walk.perhaps(match) is Match.MAYBE:
                passing.marks.doubt(before)
            shown = f"{text} -> {inner.rule}" if inner.rule else text
            walk.add(match, ChainOutcome(inner.verdicts, shown), text)
            if goes and Verdict.CONTINUE in inner.verdicts:
                walk.stop(match)
        else:
            walk.add(match, ChainOutcome(_TARGETS.get(target, UNDECIDED)), text)
    return walk


def _change_marks(words: list[str], target: str, match: Match, marks: Marks) -> None:
    """Carry out MARK and CONNMARK: --set-xmark V/M is (mark & ~M) ^ V."""
    is_packet = target == "MARK"
    old = marks.packet if is_packet else marks.connection
    if "--restore-mark" in words or "--save-mark" in words:
        is_packet = "--restore-mark" in words
        old, new = None, (marks.connection if is_packet else marks.packet)
        if "--mask" in words or "--ctmask" in words or "--nfmask" in words:
            new = 0 if marks == Marks() else None
    elif "--set-xmark" in words:
        value, mask = _masked(words[words.index("--set-xmark") + 1])
        new = None if old is None and mask != ALL_BITS else (old or 0) & ~mask ^ value
    else:
        new = None
    marks.change(match, packet=is_packet, value=new)


def _masked(text: str) -> tuple[int, int]:
    value, _, mask = text.partition("/")
    return int(value, 0), int(mask, 0) if mask else ALL_BITS


def _has_mark(text: str, mark: int | None) -> Match:
    try:
        value, mask = _masked(text)
    except ValueError:
        return Match.MAYBE
    return same_number(None if mark is None else mark & mask, value)


def _target(words: list[str]) -> tuple[str, bool]:
    """Return the target, and whether it is reached with goto."""
    for flag in ("-j", "-g"):
        if flag in words[:-1]:
            return words[words.index(flag) + 1], flag == "-g"
    return "", False


def _conditions(words: list[str], passing: _Passing) -> Iterator[Match]:
    at, negated = 2, False  # after -A CHAIN
    module = ""
    while at < len(words):
        flag = words[at]
        if flag in {"-j", "-g"}:
            return
        if flag == "!":
            negated = True
            at += 1
            continue
        values: list[str] = []
        at += 1
        while at < len(words) and words[at] != "!" and not words[at].startswith("-"):
            values.append(words[at])
            at += 1
        module = values[0] if flag == "-m" and values else module
        if flag == "--mark" and values:
            marks = passing.marks
            mark = marks.packet if module == "mark" else marks.connection
            match = _has_mark(values[0], mark)
        else:
            match = _condition(flag, values, passing.datagram)
        yield negate(match) if negated else match
        negated = False


def _condition(flag: str, values: list[str], datagram: Datagram) -> Match:
    if flag in _ALWAYS:
        return Match.YES
    if flag in _NEVER:
        return Match.NO
    if flag in _IGNORED_WITH_VALUE:
        return Match.YES
    check = _CHECKS.get(flag)
    if check is None or not values:
        return Match.MAYBE
    return check(values[0], datagram)


def _protocol(value: str, _: Datagram) -> Match:
    return Match.YES if value in {"udp", "17", "all", "0"} else Match.NO


def _interface(value: str, datagram: Datagram) -> Match:
    if datagram.interface is None:
        # It comes from another machine.
        return Match.NO if value == "lo" else Match.MAYBE
    name = value.removesuffix("+")
    same = (
        datagram.interface.startswith(name)
        if value.endswith("+")
        else datagram.interface == name
    )
    return Match.YES if same else Match.NO


def _ports(value: str, port: int) -> Match:
    matches = [_covers(part, port) for part in value.split(",")]
    if Match.YES in matches:
        return Match.YES
    return Match.MAYBE if Match.MAYBE in matches else Match.NO


def _covers(part: str, port: int) -> Match:
    first, colon, last = part.partition(":")
    if not (first or colon) or not (first + last).isdigit():
        return Match.MAYBE  # a name from /etc/services
    low = int(first or 0)
    high = int(last or 65535) if colon else low
    return Match.YES if low <= port <= high else Match.NO


def _states(value: str, _: Datagram) -> Match:
    return Match.YES if _STATES & set(value.split(",")) else Match.NO


def _destination_type(value: str, _: Datagram) -> Match:
    return Match.YES if "LOCAL" in value.split(",") else Match.NO


def _either_port(value: str, d: Datagram) -> Match:
    found = {_ports(value, d.port), _ports(value, d.source_port)}
    if Match.YES in found:
        return Match.YES
    return Match.MAYBE if Match.MAYBE in found else Match.NO


_CHECKS: dict[str, Callable[[str, Datagram], Match]] = {
    "-p": _protocol,
    "-s": lambda value, d: is_in(d.source, value),
    "-d": lambda value, d: is_in(d.destination, value),
    "-i": _interface,
    "-m": lambda value, _: Match.NO if value in {"tcp", "icmp"} else Match.YES,
    "--sport": lambda value, d: _ports(value, d.source_port),
    "--sports": lambda value, d: _ports(value, d.source_port),
    "--dport": lambda value, d: _ports(value, d.port),
    "--dports": lambda value, d: _ports(value, d.port),
    "--ports": _either_port,
    "--state": _states,
    "--ctstate": _states,
    "--dst-type": _destination_type,
}
_ALWAYS = frozenset({"--hashlimit-upto", "--limit"})
"""A single datagram is below every rate."""
_NEVER = frozenset({"-o", "--hashlimit-above", "-f", "--tcp-flags", "--syn"})
_IGNORED_WITH_VALUE = frozenset(
    {
        "--comment",
        "--limit-burst",
        "--hashlimit-burst",
        "--hashlimit-mode",
        "--hashlimit-name",
        "--hashlimit-srcmask",
        "--hashlimit-dstmask",
        "--hashlimit-htable-expire",
        "--hashlimit-htable-size",
        "--hashlimit-htable-max",
        "--hashlimit-htable-gcinterval",
    }
)
"""Options of conditions above that decide nothing by themselves."""
