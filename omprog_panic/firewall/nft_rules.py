"""What an nftables ruleset decides about a datagram. Pure.

Reads the JSON of ``nft -j list ruleset`` (libnftables-json(5)).
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from omprog_panic.errors import OmprogPanicError
from omprog_panic.firewall.nft_value import (
    fits_address,
    fits_connection,
    fits_interface,
    fits_port,
    fits_route,
    fits_udp,
    same_text,
)
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
    negate,
    same_number,
)

if TYPE_CHECKING:
    from omprog_panic.firewall.passage import Datagram

HOOKS = ("ingress", "prerouting", "input")
"""What a datagram for this machine passes, in order (nft(8), HOOKS)."""
LONG = 32  # elements of a set, from which on they are found by address
_SILENT = frozenset(
    {"counter", "log", "notrack", "comment", "ct helper", "ct timeout", "last", "dup"}
)
"""Statements after which the rule goes on."""
_VERDICTS = {
    "accept": frozenset({Verdict.ACCEPT}),
    "drop": frozenset({Verdict.DROP}),
    "reject": frozenset({Verdict.DROP}),
    "continue": frozenset({Verdict.CONTINUE}),
}
_FAMILIES = {4: {"ip", "inet", "netdev"}, 6: {"ip6", "inet", "netdev"}}


class RulesetError(OmprogPanicError):
    """Not the JSON of a ruleset."""


class ChainName(NamedTuple):
    """A chain is named within its table, a table within its family."""

    family: str
    table: str
    chain: str

    def __str__(self) -> str:
        return " ".join(self)


@dataclasses.dataclass(slots=True)
class NftChain:
    """One chain; ``hook`` is "" for one that is only jumped to."""

    hook: str = ""
    priority: int = 0
    policy: Verdict = Verdict.ACCEPT
    rules: list[list[Any]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class NftRuleset:
    """Chains and sets, by name."""

    chains: dict[ChainName, NftChain]
    sets: dict[ChainName, list[Any]]
    _indexes: dict[ChainName, SourceIndex] = dataclasses.field(default_factory=dict)
    _set_indexes: dict[int, SourceIndex] = dataclasses.field(default_factory=dict)

    def index(self, name: ChainName) -> SourceIndex:
        """Return the rules of a chain by the source address that they ask for."""
        if name not in self._indexes:
            rules = self.chains[name].rules
            self._indexes[name] = SourceIndex(map(_source_host, rules))
        return self._indexes[name]

    def set_index(self, elements: list[Any]) -> SourceIndex:
        """Return the elements of a set of addresses by address."""
        key = id(elements)  # which lives as long as this ruleset
        if key not in self._set_indexes:
            self._set_indexes[key] = SourceIndex(map(_element_host, elements))
        return self._set_indexes[key]

    def base_chains(self, family: int) -> list[ChainName]:
        """Return the base chains that a datagram of this family passes, in order."""
        found = [
            (HOOKS.index(chain.hook), chain.priority, name)
            for name, chain in self.chains.items()
            if chain.hook in HOOKS and name.family in _FAMILIES[family]
        ]
        return [name for _, _, name in sorted(found)]

    def evaluate(
        self, name: ChainName, datagram: Datagram, marks: Marks | None = None
    ) -> ChainOutcome:
        """Return what a base chain decides.

        ``marks`` are those that the datagram has before, and is given; 0 without them.
        """
        walk = _Walker(self, datagram, marks or Marks()).walk(name, 0)
        return walk.outcome(self.chains[name].policy)


def parse_ruleset(text: str) -> NftRuleset:
    """Parse the JSON of ``nft -j list ruleset``.

    Raises:
        RulesetError: it is something else.

    """
    found = NftRuleset({}, {})
    try:
        for entry in json.loads(text)["nftables"]:
            for kind, value in entry.items():
                _add(found, kind, value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RulesetError(f"the output of nft is not understood: {error!r}") from error
    return found


def _add(found: NftRuleset, kind: str, value: Any) -> None:  # noqa: ANN401 - JSON
    if kind == "chain":
        name = ChainName(value["family"], value["table"], value["name"])
        chain = found.chains.setdefault(name, NftChain())
        chain.hook = value.get("hook", "")
        priority = value.get("prio", 0)
        chain.priority = priority if isinstance(priority, int) else 0
        if value.get("policy") == "drop":
            chain.policy = Verdict.DROP
    elif kind == "rule":
        name = ChainName(value["family"], value["table"], value["chain"])
        chain = found.chains.setdefault(name, NftChain())
        chain.rules.append(value.get("expr", []))
    elif kind in {"set", "map"}:
        name = ChainName(value["family"], value["table"], value["name"])
        found.sets[name] = value.get("elem", [])


def _element_host(element: Any) -> str | None:  # noqa: ANN401 - JSON
    if isinstance(element, dict) and "elem" in element:
        element = element["elem"].get("val")
    return element if isinstance(element, str) else None


def _source_host(expressions: list[Any]) -> str | None:
    """Return the one source address that a rule matches, None for other rules.

    Only its first condition counts: a statement before it would act on others.
    """
    match expressions:
        case [
            {"match": {"op": "==", "left": {"payload": left}, "right": str(right)}},
            *_,
        ]:
            return right if left.get("field") == "saddr" else None
    return None


class _Walker:
    """Evaluates the chains of one ruleset for one datagram."""

    def __init__(self, ruleset: NftRuleset, datagram: Datagram, marks: Marks) -> None:
        self._ruleset = ruleset
        self._datagram = datagram
        self._marks = marks

    def walk(self, name: ChainName, depth: int) -> ChainWalk:
        walk = ChainWalk()
        chain = self._ruleset.chains.get(name)
        if chain is None or depth > MAX_DEPTH:
            walk.add(Match.YES, ChainOutcome(UNDECIDED), str(name))
            return walk
        for number in self._ruleset.index(name).candidates(self._datagram.source):
            if walk.ended:
                break
            self._rule(walk, name, chain.rules[number], depth)
        return walk

    def _rule(
        self, walk: ChainWalk, name: ChainName, expressions: list[Any], depth: int
    ) -> None:
        match = Match.YES
        for expression in expressions:
            ((kind, value),) = expression.items()
            if kind == "match":
                match = all_of([match, self._match(name, value)])
            elif kind in {"limit", "set", "meter", "ct count", "quota"}:
                match = all_of([match, _below(kind, value)])
            elif kind == "mangle":
                self._mangle(walk.perhaps(match), value)
            elif kind == "vmap":
                self._verdict_map(walk, name, value, match, depth)
            elif kind in _SILENT:
                continue
            elif kind in {*_VERDICTS, "jump", "goto", "return"}:
                shown = rule_text(expressions)
                self._verdict(walk, name, expression, match, shown, depth)
            else:  # a match of iptables; or one of its targets, queue, tproxy, ...
                match = all_of([match, Match.MAYBE])
                if kind != "xt" or value is None or value.get("type") != "match":
                    walk.add(match, ChainOutcome(UNDECIDED), rule_text(expressions))
            if match is Match.NO:
                return

    def _mangle(self, match: Match, value: Any) -> None:  # noqa: ANN401 - JSON
        """Carry out ``meta mark set`` and ``ct mark set``."""
        key = value.get("key", {})
        for packet in (True, False):
            if key.get("meta" if packet else "ct", {}).get("key") == "mark":
                number = self._number(value.get("value"))
                self._marks.change(match, packet=packet, value=number)

    def _number(self, value: Any) -> int | None:  # noqa: ANN401 - JSON
        """Return the number that an expression has, None if it is not known."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if not isinstance(value, dict) or len(value) != 1:
            return None
        ((kind, inner),) = value.items()
        if kind in {"&", "|", "^"} and isinstance(inner, list) and len(inner) == 2:
            left, right = map(self._number, inner)
            if kind == "&" and 0 in {left, right}:
                return 0
            if left is None or right is None:
                return None
            return {"&": left & right, "|": left | right, "^": left ^ right}[kind]
        if kind in {"meta", "ct"} and inner.get("key") == "mark":
            return self._marks.packet if kind == "meta" else self._marks.connection
        if kind == "payload" and inner.get("field") == "frag-off":
            return 0  # records fit into one datagram of any network
        return None

    def _verdict(
        self,
        walk: ChainWalk,
        name: ChainName,
        expression: Any,  # noqa: ANN401 - JSON
        match: Match,
        shown: str,
        depth: int,
    ) -> None:
        ((kind, value),) = expression.items()
        if match is Match.NO:
            return
        if kind == "return":
            walk.stop(match)
        elif kind in _VERDICTS:
            walk.add(match, ChainOutcome(_VERDICTS[kind]), shown)
        else:
            target = ChainName(name.family, name.table, value["target"])
            before = self._marks.copy()
            inner = self.walk(target, depth + 1).outcome()
            if walk.perhaps(match) is Match.MAYBE:
                self._marks.doubt(before)
            rule = f"{target.chain}: {inner.rule}" if inner.rule else shown
            walk.add(match, ChainOutcome(inner.verdicts, rule), shown)
            if kind == "goto" and Verdict.CONTINUE in inner.verdicts:
                walk.stop(match)

    def _verdict_map(
        self,
        walk: ChainWalk,
        name: ChainName,
        value: Any,  # noqa: ANN401 - JSON
        match: Match,
        depth: int,
    ) -> None:
        elements = self._elements(name, value["data"])
        if elements is None:
            walk.add(match, ChainOutcome(UNDECIDED), rule_text([{"vmap": value}]))
            return
        others = Match.YES  # that no element before applies
        for key, verdict in sorted(elements, key=lambda element: element[0] == "*"):
            found = others if key == "*" else self._equals(name, value["key"], key)
            others = all_of([others, negate(found)])
            shown = rule_text([verdict])
            self._verdict(walk, name, verdict, all_of([match, found]), shown, depth)

    def _match(self, name: ChainName, value: Any) -> Match:  # noqa: ANN401 - JSON
        found = self._equals(name, value["left"], value["right"])
        if value["op"] in {"==", "in"}:
            return found
        return negate(found) if value["op"] == "!=" else Match.MAYBE

    def _elements(self, name: ChainName, right: Any) -> list[Any] | None:  # noqa: ANN401
        """Return the elements of a set, named or anonymous; None for another value."""
        if isinstance(right, str) and right.startswith("@"):
            named = ChainName(name.family, name.table, right[1:])
            return self._ruleset.sets.get(named)
        if isinstance(right, dict) and isinstance(right.get("set"), list):
            found: list[Any] = right["set"]
            return found
        return None

    def _equals(self, name: ChainName, left: Any, right: Any) -> Match:  # noqa: ANN401
        elements = right if isinstance(right, list) else self._elements(name, right)
        if elements is not None:
            if len(elements) > LONG and "saddr" in str(left):
                near = self._ruleset.set_index(elements).candidates(
                    self._datagram.source
                )
                elements = [elements[number] for number in near]
            matches = {self._equals(name, left, element) for element in elements}
            if Match.YES in matches:
                return Match.YES
            return Match.MAYBE if Match.MAYBE in matches else Match.NO
        if isinstance(right, dict) and "elem" in right:
            return self._equals(name, left, right["elem"]["val"])
        if "concat" in left:
            parts = right.get("concat", []) if isinstance(right, dict) else []
            if len(parts) != len(left["concat"]):
                return Match.MAYBE
            pairs = zip(left["concat"], parts, strict=True)
            return all_of(self._equals(name, one, other) for one, other in pairs)
        return self._value(left, right)

    def _value(self, left: Any, right: Any) -> Match:  # noqa: ANN401 - JSON
        number = self._number(left)
        if number is not None and (wanted := self._number(right)) is not None:
            return same_number(number, wanted)
        if "payload" in left:
            return self._payload(left["payload"], right)
        if "meta" in left:
            return self._meta(left["meta"].get("key"), right)
        if "ct" in left:
            return fits_connection(left["ct"].get("key"), right)
        if "fib" in left:
            return fits_route(left["fib"].get("result"), right)
        return Match.MAYBE

    def _payload(self, field: Any, right: Any) -> Match:  # noqa: ANN401 - JSON
        protocol, name = field.get("protocol"), field.get("field")
        datagram = self._datagram
        ours = "ip" if datagram.family == 4 else "ip6"
        if protocol in {"ip", "ip6"}:
            if protocol != ours:
                return Match.NO
            if name in {"saddr", "daddr"}:
                address = datagram.source if name == "saddr" else datagram.destination
                return fits_address(address, right)
            if name in {"protocol", "nexthdr"}:
                return fits_udp(right)
        if protocol in {"udp", "th"} and name in {"sport", "dport"}:
            port = datagram.source_port if name == "sport" else datagram.port
            return fits_port(port, right)
        if protocol == "ether" and name == "type":
            return same_text(right, ours)
        return Match.NO if protocol in {"tcp", "icmp", "icmpv6", "arp"} else Match.MAYBE

    def _meta(self, key: object, right: Any) -> Match:  # noqa: ANN401 - JSON
        datagram = self._datagram
        if key == "l4proto":
            return fits_udp(right)
        if key == "nfproto":
            return same_text(right, "ipv4" if datagram.family == 4 else "ipv6")
        if key == "protocol":
            return same_text(right, "ip" if datagram.family == 4 else "ip6")
        if key == "mark":
            return Match.MAYBE  # compared as a number, if it is known
        if key in {"iifname", "iif"} and isinstance(right, str):
            return fits_interface(datagram.interface, right)
        return Match.NO if key in {"oif", "oifname"} else Match.MAYBE


def _below(kind: str, value: Any) -> Match:  # noqa: ANN401 - JSON
    """Return whether a rate or a count lets one datagram match: it is below each.

    A set that is added to, and a meter, match as the statements in them do.
    """
    if not isinstance(value, dict):
        return Match.MAYBE  # a limit with a name
    if kind in {"set", "meter"}:
        inner = value.get("stmt", [])
        listed = inner if isinstance(inner, list) else [inner]
        return all_of(
            Match.YES if inside in _SILENT else _below(inside, limits)
            for statement in listed
            for inside, limits in statement.items()
        )
    if kind in {"limit", "ct count"}:
        return Match.NO if value.get("inv") else Match.YES
    return Match.MAYBE  # a quota may be used up


def rule_text(expressions: list[Any]) -> str:
    """Return a rule much as nft prints it."""
    return " ".join(
        _text(kind, value) for e in expressions for kind, value in e.items()
    )


def _text(kind: str, value: Any) -> str:  # noqa: ANN401 - JSON
    if kind == "match":
        op = "" if value["op"] in {"==", "in"} else f" {value['op']}"
        return f"{_operand(value['left'])}{op} {_operand(value['right'])}"
    if kind == "vmap":
        return f"{_operand(value['key'])} vmap {_operand(value['data'])}"
    if kind in {"jump", "goto"}:
        return f"{kind} {value['target']}"
    if kind == "xt" and value:
        return f"{value.get('type')} {value.get('name')} of iptables"
    return kind


def _operand(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return ", ".join(map(_operand, value))
    if not isinstance(value, dict):
        return str(value)
    kind, inner = next(iter(value.items()))
    if kind == "payload":
        return f"{inner.get('protocol')} {inner.get('field')}"
    if kind in {"meta", "ct"}:
        key = str(inner.get("key"))
        return key if kind == "meta" else f"ct {key}"
    if kind == "prefix":
        return f"{inner['addr']}/{inner['len']}"
    if kind == "range":
        return "-".join(map(_operand, inner))
    if kind == "set":
        return f"{{ {_operand(inner)} }}"
    return str(kind)
