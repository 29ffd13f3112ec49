"""Whether the rules of a firewall let one datagram pass. Pure.

Rules are evaluated in three-valued logic: a condition that is not understood may or
may not hold, and then several outcomes are possible. A datagram passes only if every
possible outcome accepts it; where that is not so, the answer is unknown.
"""

from __future__ import annotations

import bisect
import dataclasses
import enum
import functools
import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 16  # of jumps; the kernel's own limit (NFT_JUMP_STACK_SIZE)


class Match(enum.Enum):
    """Whether a condition holds."""

    YES = enum.auto()
    NO = enum.auto()
    MAYBE = enum.auto()  # not understood


class Verdict(enum.Enum):
    """What a chain decides; CONTINUE: nothing, the next rule or chain is tried."""

    ACCEPT = enum.auto()
    DROP = enum.auto()
    CONTINUE = enum.auto()


UNDECIDED = frozenset({Verdict.ACCEPT, Verdict.DROP})
"""The possible verdicts of a target that is not understood."""


Source = IPv4Address | IPv6Address | IPv4Network | IPv6Network


@dataclasses.dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram that arrives from another machine.

    ``source`` may be a network: what is decided then is decided for each address in
    it. ``destination`` and ``interface`` are None if the route is not known.
    """

    source: Source
    source_port: int
    port: int
    destination: IPv4Address | IPv6Address | None = None
    interface: str | None = None

    @property
    def family(self) -> int:
        return self.source.version


@dataclasses.dataclass(slots=True)
class Marks:
    """The marks of a packet and of its connection on its way, None for unknown.

    Both are 0 until a rule sets them: nothing before the first hook does, unless tc
    has filters on incoming packets.
    """

    packet: int | None = 0
    connection: int | None = 0

    def change(self, match: Match, *, packet: bool, value: int | None) -> None:
        """Set a mark by a rule that matches, or perhaps matches."""
        name = "packet" if packet else "connection"
        if match is Match.NO or value == getattr(self, name):
            return
        setattr(self, name, value if match is Match.YES else None)

    def doubt(self, before: Marks) -> None:
        """Take back to unknown what was changed by rules that perhaps were not met."""
        if self.packet != before.packet:
            self.packet = None
        if self.connection != before.connection:
            self.connection = None

    def copy(self) -> Marks:
        """Return the marks as they are now."""
        return dataclasses.replace(self)


class ChainOutcome(NamedTuple):
    """The possible verdicts of one chain, and the first rule that may drop."""

    verdicts: frozenset[Verdict]
    rule: str = ""


class Passage(NamedTuple):
    """Whether a datagram passes all hooks, None for unknown.

    ``where`` names the chain and rule that drops it, or that is not understood.
    """

    passes: bool | None
    where: str = ""


def negate(match: Match) -> Match:
    """Return the match of the negated condition."""
    return {Match.YES: Match.NO, Match.NO: Match.YES}.get(match, match)


def all_of(matches: Iterable[Match]) -> Match:
    """Return whether all conditions hold."""
    found = set(matches)
    if Match.NO in found:
        return Match.NO
    return Match.MAYBE if Match.MAYBE in found else Match.YES


def bounds(source: Source) -> tuple[int, int]:
    """Return the first and the last address, as numbers."""
    if isinstance(source, IPv4Network | IPv6Network):
        return int(source.network_address), int(source.broadcast_address)
    return int(source), int(source)


def is_between(source: Source, low: int, high: int) -> Match:
    """Return whether all, none or some addresses of a source are in a range."""
    first, last = bounds(source)
    if low <= first and last <= high:
        return Match.YES
    return Match.NO if last < low or high < first else Match.MAYBE


def is_in(source: Source | None, text: str) -> Match:
    """Return whether a source is in a network, given as ADDRESS or ADDRESS/LENGTH."""
    try:
        network = parse_network(text)
    except ValueError:
        return Match.MAYBE  # a host name
    if source is None:
        return Match.YES if network.prefixlen == 0 else Match.MAYBE
    if source.version != network.version:
        return Match.NO
    return is_between(source, *bounds(network))


@functools.lru_cache(maxsize=65536)
def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Parse ADDRESS or ADDRESS/LENGTH.

    Raises:
        ValueError: it is something else.

    """
    return ipaddress.ip_network(text, strict=False)


class SourceIndex:
    """The rules of a chain that may match a source, found without trying all.

    With thousands of senders, most rules of a chain name one address each.
    """

    def __init__(self, hosts: Iterable[str | None]) -> None:
        """Take the address that each rule is limited to, None for any other rule."""
        self._others: list[int] = []
        named: list[tuple[int, int, int]] = []
        for number, host in enumerate(hosts):
            address = _address(host)
            if address is None:
                self._others.append(number)
            else:
                named.append((address.version, int(address), number))
        self._named = sorted(named)

    def candidates(self, source: Source) -> list[int]:
        """Return the numbers of the rules, in order."""
        first, last = bounds(source)
        low = bisect.bisect_left(self._named, (source.version, first, 0))
        high = bisect.bisect_left(self._named, (source.version, last + 1, 0))
        if low == high:
            return self._others
        return sorted(self._others + [row[2] for row in self._named[low:high]])


def _address(host: str | None) -> IPv4Address | IPv6Address | None:
    if host is None:
        return None
    try:
        network = parse_network(host)
    except ValueError:
        return None
    return network.network_address if network.num_addresses == 1 else None


def same_number(value: int | None, wanted: int) -> Match:
    """Return whether a number, None for unknown, is this one."""
    if value is None:
        return Match.MAYBE
    return Match.YES if value == wanted else Match.NO


def joined(chains: Iterable[tuple[str, ChainOutcome]]) -> Passage:
    """Return the passage through base chains, each with its name: all must accept."""
    unknown = ""
    for name, outcome in chains:
        where = f"{name}: {outcome.rule}" if outcome.rule else name
        if Verdict.ACCEPT not in outcome.verdicts:
            return Passage(passes=False, where=where)
        if Verdict.DROP in outcome.verdicts:
            unknown = unknown or where
    return Passage(None, unknown) if unknown else Passage(passes=True)


class ChainWalk:
    """Collects the outcome of one chain, rule by rule."""

    def __init__(self) -> None:
        self._possible: set[Verdict] = set()
        self._rule = ""
        self.ended = False

    def add(self, match: Match, outcome: ChainOutcome, rule: str) -> None:
        """Add a rule that has this outcome if it matches."""
        if match is Match.NO or self.ended:
            return
        decided = outcome.verdicts - {Verdict.CONTINUE}
        self._possible |= decided
        if Verdict.DROP in decided and not self._rule:
            self._rule = outcome.rule or rule
        if match is Match.YES and Verdict.CONTINUE not in outcome.verdicts:
            self.ended = True

    def stop(self, match: Match) -> None:
        """Add a rule that leaves the chain if it matches."""
        if match is Match.NO or self.ended:
            return
        self._possible.add(Verdict.CONTINUE)
        self.ended = match is Match.YES

    def perhaps(self, match: Match) -> Match:
        """Return a match as MAYBE if the datagram may have left before."""
        left = bool(self._possible - {Verdict.DROP})
        return Match.MAYBE if match is Match.YES and left else match

    def outcome(self, policy: Verdict = Verdict.CONTINUE) -> ChainOutcome:
        """Return the outcome; ``policy`` decides if no rule did."""
        possible = set(self._possible)
        if not self.ended:
            possible.add(Verdict.CONTINUE)
        rule = self._rule
        if Verdict.CONTINUE in possible and policy is not Verdict.CONTINUE:
            possible.discard(Verdict.CONTINUE)
            possible.add(policy)
            if policy is Verdict.DROP and not rule:
                rule = "policy drop"
        return ChainOutcome(frozenset(possible), rule)
