"""The entries of ``senders`` in config.yaml: who may send. Pure."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from omprog_panic.address import is_address, is_within, plain
from omprog_panic.config.addresses import parse_listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omprog_panic.address import Network

MAX_REMEMBERED = 32768  # addresses; more are searched for again
SELF_NAMED = "self-named"  # before a name that belongs to another sender


@dataclasses.dataclass(frozen=True, slots=True)
class ListedSender:
    """A machine, or a group of machines, that may send.

    ``source_port`` None: any port. ``silent_after_s`` None: as ``life_signs`` says.
    ``shared``: several machines send from its address, as behind NAT.
    """

    name: str
    networks: tuple[Network, ...]
    source_port: int | None = None
    silent_after_s: float | None = None
    shared: bool = False

    @property
    def single(self) -> str | None:
        """The first address, if the entry is one machine: no network, not shared."""
        return next(iter(self.addresses), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses of the machine; empty for a group of machines."""
        if self.shared or any(n.num_addresses > 1 for n in self.networks):
            return ()
        return tuple(str(network.network_address) for network in self.networks)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> ListedSender:
        """Parse a checked entry.

        >>> ListedSender.from_json({"name": "db", "address": "10.0.0.2"}).single
        '10.0.0.2'

        Raises:
            ValueError: an address that is none.

        """
        address = entry["address"]
        addresses = address if isinstance(address, list) else [address]
        return cls(
            name=entry["name"],
            networks=tuple(parse_listed(text) for text in addresses),
            source_port=entry.get("source_port"),
            silent_after_s=entry.get("silent_after_s"),
            shared=entry.get("shared", False),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entry that ``from_json`` parses to this value."""
        entry: dict[str, Any] = {
            "name": self.name,
            "address": [str(network) for network in self.networks],
        }
        if self.source_port is not None:
            entry["source_port"] = self.source_port
        if self.silent_after_s is not None:
            entry["silent_after_s"] = self.silent_after_s
        if self.shared:
            entry["shared"] = True
        return entry


class SenderDirectory:
    """Finds the entry of ``senders`` that an address belongs to.

    There may be thousands of single hosts: they are looked up, networks are searched.
    """

    def __init__(self, senders: Iterable[ListedSender]) -> None:
        pairs = [(network, s) for s in senders for network in s.networks]
        self._hosts = {
            str(n.network_address): s for n, s in pairs if n.num_addresses == 1
        }
        self._networks = [(n, s) for n, s in pairs if n.num_addresses > 1]
        self._names = {_folded(s.name): s for _, s in pairs}
        # A list of senders asks several times about each of thousands of addresses.
        self._entry_for = functools.lru_cache(maxsize=MAX_REMEMBERED)(self._search)

    def entry_for(self, address: str) -> ListedSender | None:
        """Return the most specific entry for an address; None: it is not listed."""
        return self._entry_for(address)

    def _search(self, address: str) -> ListedSender | None:
        entry = self._hosts.get(plain(address))
        if entry is not None:
            return entry
        found = [(n.prefixlen, s) for n, s in self._networks if is_within(address, n)]
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def machine_of(self, address: str) -> str:
        """Return the address by which a machine is known, whichever of its speaks."""
        entry = self.entry_for(address)
        first = None if entry is None else entry.single
        return plain(address) if first is None else first

    def addresses_of(self, address: str) -> tuple[str, ...]:
        """Return all addresses of the machine that an address belongs to."""
        entry = self.entry_for(address)
        return (entry.addresses if entry else ()) or (address,)

    def name_of(self, address: str, own_name: str | None) -> str:
        """Return the listed name, else the name that the sender itself gave.

        Anybody may call itself what it likes: the name of a listed sender, given by
        another address, is marked as the sender's own word.
        """
        entry = self.entry_for(address)
        if entry is not None and entry.single is not None:
            return entry.name
        if not own_name:
            return address
        if self._belongs_to_another(own_name, address, entry):
            return f"{SELF_NAMED} {own_name}"
        return own_name

    def _belongs_to_another(
        self, name: str, address: str, entry: ListedSender | None
    ) -> bool:
        owner = self._names.get(_folded(name))
        if owner is not None and owner != entry:
            return True
        return is_address(name) and plain(name) != plain(address)

    def share_of(self, address: str) -> str:
        """Return who an address counts as where room is shared fairly.

        A machine counts as itself. Anybody in a listed network can send from each of
        its addresses, so all that are listed by it count as one.

        >>> entry = ListedSender.from_json({"name": "lan", "address": "10.0.0.0/8"})
        >>> SenderDirectory([entry]).share_of("10.0.0.2")
        'network lan'
        """
        entry = self.entry_for(address)
        if entry is None or entry.single is not None:
            return self.machine_of(address)
        return f"network {entry.name}"

    def group_of(self, address: str) -> str:
        """Return the name of the entry that an address belongs to; "": none."""
        entry = self.entry_for(address)
        return entry.name if entry else ""


def _folded(name: str) -> str:
    return name.casefold().rstrip(".")
