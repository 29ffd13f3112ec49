"""Whether the firewall of this machine lets the listed senders through.

Evaluates every hook that a datagram passes, whoever made the rules: the ruleset of
nftables, which has those of iptables-nft as well, and the tables of iptables-legacy.
Failure is not emptiness: rules that cannot be read make the answer unknown.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from omprog_panic.firewall.arrival import Arrival, find_arrivals
from omprog_panic.firewall.iptables import (
    NO_CAPABILITY,
    PROGRAMS,
    TIMEOUT_S,
    FirewallError,
    IncompatibleRulesError,
    Iptables,
    families,
)
from omprog_panic.firewall.iptables_rules import evaluate
from omprog_panic.firewall.nft_rules import NftRuleset, RulesetError, parse_ruleset
from omprog_panic.firewall.owner import (
    NFTABLES,
    FirewallOwner,
    find_owner,
    legacy_owner,
    nft_owner,
)
from omprog_panic.firewall.passage import (
    ChainOutcome,
    Datagram,
    Marks,
    Passage,
    Verdict,
    joined,
)
from omprog_panic.firewall.saved import IncompleteRulesError, SavedRules, parse_tables
from omprog_panic.host.machine import UnreadableError
from omprog_panic.host.processes import CAP_NET_ADMIN, root_lacks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from ipaddress import IPv4Address, IPv6Address

    from omprog_panic.address import Network
    from omprog_panic.config.senders import ListedSender
    from omprog_panic.firewall.nft_rules import ChainName
    from omprog_panic.host.machine import Machine

STRANGERS = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Addresses for documentation, which no list of senders has (RFC 5737, RFC 3849)."""
SOURCE_PORT = 6665  # netconsole's default, for a sender without source_port
LEGACY_TABLES = {4: "/proc/net/ip_tables_names", 6: "/proc/net/ip6_tables_names"}
"""Tables of iptables-legacy that are in use; missing if its module is not loaded."""
_HOOKS = (
    ("raw", "PREROUTING"),
    ("mangle", "PREROUTING"),
    ("nat", "PREROUTING"),
    ("mangle", "INPUT"),
    ("filter", "INPUT"),
    ("security", "INPUT"),
)
"""The chains of iptables that a datagram for this machine passes, in order."""


class SenderPassage(NamedTuple):
    """Whether the datagrams of one listed network pass."""

    sender: str
    address: str  # one of the network, or that of which it is not known
    passage: Passage


@dataclasses.dataclass(frozen=True, slots=True)
class LiveRules:
    """All rules in force for one address family.

    ``unreadable`` says what could not be read; then no datagram is known to pass.
    """

    family: int
    ruleset: NftRuleset | None = None
    nft_tables: dict[str, SavedRules] = dataclasses.field(default_factory=dict)
    legacy_tables: dict[str, SavedRules] = dataclasses.field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    marks: Marks = dataclasses.field(default_factory=Marks)
    """Those that a datagram has when it arrives."""

    def passage(self, datagram: Datagram) -> Passage:
        """Return whether a datagram passes all hooks."""
        marks = self.marks.copy()
        found = [*self._nft(datagram, marks), *self._legacy(datagram, marks)]
        if self.legacy_tables and marks != self.marks:
            # Their hooks take turns, so either may see marks of the other.
            unknown = Marks(None, None)
            found = [*self._nft(datagram, unknown), *self._legacy(datagram, unknown)]
        passage = joined(found)
        if passage.passes and self.unreadable:
            return Passage(None, self.unreadable[0])
        return passage

    def _nft(
        self, datagram: Datagram, marks: Marks
    ) -> Iterator[tuple[str, ChainOutcome]]:
        if self.ruleset is None:
            return
        for name in self.ruleset.base_chains(self.family):
            before = marks.copy()
            outcome = self.ruleset.evaluate(name, datagram, marks)
            if outcome.verdicts != {Verdict.ACCEPT} or marks != before:
                # Matches of iptables are opaque to nft; iptables-save shows them.
                seen = before.copy()
                if found := self._as_iptables(name, datagram, seen):
                    outcome = found
                    marks.packet, marks.connection = seen.packet, seen.connection
            yield f"nft {name}", outcome

    def _as_iptables(
        self, name: ChainName, datagram: Datagram, marks: Marks
    ) -> ChainOutcome | None:
        table = self.nft_tables.get(name.table)
        if name.family not in {"ip", "ip6"} or table is None:
            return None
        known = name.chain in table.chains
        return evaluate(table, name.chain, datagram, marks) if known else None

    def _legacy(
        self, datagram: Datagram, marks: Marks
    ) -> Iterator[tuple[str, ChainOutcome]]:
        for table, chain in _HOOKS:
            saved = self.legacy_tables.get(table)
            if saved is not None and chain in saved.chains:
                name = f"{PROGRAMS[self.family]}-legacy {table} {chain}"
                yield name, evaluate(saved, chain, datagram, marks)


def blocking_chains(machine: Machine, port: int) -> list[ChainName]:
    """Return the chains of the input hook that drop what comes from anybody.

    A rule of nft that accepts a sender has to be in each of them.
    """
    found: dict[ChainName, None] = {}
    for family, source in STRANGERS.items():
        ruleset = read_live_rules(machine, family).ruleset
        if ruleset is None:
            continue
        datagram = Datagram(ipaddress.ip_address(source), SOURCE_PORT, port)
        for name in ruleset.base_chains(family):
            outcome = ruleset.evaluate(name, datagram)
            is_input = ruleset.chains[name].hook == "input"
            if is_input and Verdict.DROP in outcome.verdicts:
                found[name] = None
    return list(found)


def firewall_owner(machine: Machine, port: int) -> FirewallOwner | None:
    """Return what manages the firewall, if our rules for iptables cannot be used.

    Raises:
        UnreadableError: this user may not look.

    """
    if (owner := find_owner(machine)) is not None:
        if owner.name == NFTABLES:
            return nft_owner(blocking_chains(machine, port), owner.why)
        return owner
    for family in families(machine):
        try:
            Iptables(machine, family).read()
        except IncompatibleRulesError as error:
            return nft_owner(blocking_chains(machine, port), str(error))
        except FirewallError:
            return None  # not installed, or not root: whoever uses it will say so
    return None


def deciding_owner(machine: Machine, port: int) -> FirewallOwner | None:
    """Return whose rules drop what ours accept, although our rules can be used.

    None: a rule of the table that ours are in, or of a hook before it.
    """
    native = [name for name in blocking_chains(machine, port) if not _is_ours(name)]
    if native:
        return nft_owner(native, f"the chain {native[0]} drops the rest")
    legacy = [
        family for family in families(machine) if _legacy_decides(machine, family, port)
    ]
    return legacy_owner(legacy) if legacy else None


def _is_ours(name: ChainName) -> bool:
    """Return whether iptables keeps the rules of a chain, which nft can see."""
    return name.family in {"ip", "ip6"} and name[1:] == ("filter", "INPUT")


def _legacy_decides(machine: Machine, family: int, port: int) -> bool:
    """Return whether iptables-legacy drops, and the rules of ours are not there."""
    if "legacy" in machine.run(PROGRAMS[family], "-V").stdout:
        return False
    source = ipaddress.ip_address(STRANGERS[family])
    saved = _legacy_tables(machine, family, []).get("filter")
    if saved is None:
        return False
    outcome = evaluate(saved, "INPUT", Datagram(source, SOURCE_PORT, port))
    return Verdict.DROP in outcome.verdicts


def read_live_rules(machine: Machine, family: int) -> LiveRules:
    """Read all rules of one family; what cannot be read is in the result."""
    unreadable: list[str] = []
    ruleset = None
    result = machine.run("nft", "-j", "list", "ruleset", timeout_s=TIMEOUT_S)
    if result.succeeded:
        try:
            ruleset = parse_ruleset(result.stdout)
        except RulesetError as error:
            unreadable.append(str(error))
    else:
        unreadable.append(result.failure())
        if root_lacks(machine, CAP_NET_ADMIN):
            unreadable[-1] += f"; {NO_CAPABILITY}"
    return LiveRules(
        family,
        ruleset,
        # For details only: everything in it is in the ruleset, too.
        nft_tables=_saved(machine, f"{PROGRAMS[family]}-nft-save", [], some=True),
        legacy_tables=_legacy_tables(machine, family, unreadable),
        unreadable=tuple(unreadable),
        marks=_marks_before(machine),
    )


def _marks_before(machine: Machine) -> Marks:
    """Return the marks of arriving packets: unknown if filters of tc may set them."""
    result = machine.run("tc", "qdisc", "show")
    if not result.succeeded or "clsact" in result.stdout or "ingress" in result.stdout:
        return Marks(None, None)
    return Marks()


def _legacy_tables(
    machine: Machine, family: int, unreadable: list[str]
) -> dict[str, SavedRules]:
    try:
        names = machine.read(LEGACY_TABLES[family])
    except UnreadableError as error:
        unreadable.append(str(error))
        return {}
    if not (names or "").strip():
        return {}  # asking iptables-legacy would load its modules
    return _saved(machine, f"{PROGRAMS[family]}-legacy-save", unreadable)


def _saved(
    machine: Machine, program: str, unreadable: list[str], *, some: bool = False
) -> dict[str, SavedRules]:
    result = machine.run(program, timeout_s=TIMEOUT_S)
    if not result.succeeded:
        unreadable.append(result.failure())
        return {}
    try:
        return parse_tables(result.stdout, some=some)
    except IncompleteRulesError as error:
        unreadable.append(f"{program}: {error}")
        return {}


def sender_passages(
    machine: Machine, senders: Iterable[ListedSender], port: int
) -> list[SenderPassage]:
    """Return for each listed network whether its datagrams pass the firewall."""
    listed = [(sender, network) for sender in senders for network in sender.networks]
    sources = [_address_in(network) for _, network in listed]
    arrivals = find_arrivals(machine, sources)
    rules = {
        version: read_live_rules(machine, version)
        for version in sorted({source.version for source in sources})
    }
    found = []
    for (sender, network), source in zip(listed, sources, strict=True):
        arrival = arrivals.get(str(source), Arrival())
        datagram = Datagram(
            source if network.num_addresses == 1 else network,
            sender.source_port or SOURCE_PORT,
            port,
            arrival.own,
            arrival.interface,
        )
        live = rules[source.version]
        address, passage = str(source), live.passage(datagram)
        if passage.passes is None and network.num_addresses > 1:
            address, passage = _part_of(network, datagram, live, passage)
        found.append(SenderPassage(sender.name, address, passage))
    return found


def _part_of(
    network: Network, datagram: Datagram, live: LiveRules, passage: Passage
) -> tuple[str, Passage]:
    """Return an address of the network that is blocked, if one of a few is."""
    size = network.num_addresses
    for number in (1, size // 2, size - 2):
        source = network[number]
        tried = live.passage(dataclasses.replace(datagram, source=source))
        if tried.passes is False:
            return str(source), tried
    return str(network), passage


def _address_in(network: Network) -> IPv4Address | IPv6Address:
    return network.network_address if network.num_addresses == 1 else network[1]
