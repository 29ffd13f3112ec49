"""The values that the shipped rsyslog rules read. Pure.

The rules (rsyslog.d/omprog-panic.conf) are the same file on every host. rsyslogd reads
the few values that differ from one-value files with a backtick ``cat``, which 8.2302
supports, so rules are never generated.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from typing import TYPE_CHECKING

from omprog_panic.address import parse_network
from omprog_panic.errors import OmprogPanicError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from omprog_panic.address import Address

# Where the package installs its files; the shipped rules name no other paths.
SHARE = "/usr/share/omprog-panic"
ETC = "/etc/omprog-panic"
STATE = "/var/lib/omprog-panic"
LOG = "/var/log/omprog-panic"
COLLECTOR = "/usr/libexec/omprog-panic/collector"  # a shell wrapper around PROGRAM
PROGRAM = "/usr/bin/omprog-panic-collector"
DROP_IN = "/etc/rsyslog.d/zz-omprog-panic.conf"
FILTER_FILE = "/etc/rsyslog.d/20-omprog-panic-514.conf"  # for a shared port
RULESET = "omprog_panic"
FILTER_TABLE = "omprog_panic_senders_514"  # the lookup table of the filter below

SWITCH = "rules.conf"  # included by the drop-in: has our rules, or nothing
SWITCH_514 = "rules-514.conf"  # the same for the filter of a shared port

MAX_LISTED = 65536  # addresses in the table; a network counts as all of its hosts

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+-]*")


class DropInError(OmprogPanicError, ValueError):
    """A value that the rules cannot use."""


@dataclasses.dataclass(frozen=True, slots=True)
class Values:
    """The values of one host; the defaults are those of a fresh installation."""

    address: str = "127.0.0.1"
    port: int = 6666  # netconsole's own default
    load_imudp: bool = True  # False if another file of the host loads it
    load_omprog: bool = True
    listen: bool = True  # False if imudp is loaded only after our rules
    active: bool = True  # False if rsyslogd refuses our rules
    senders: tuple[str, ...] = ()  # addresses, or networks in CIDR form


def value_files(values: Values) -> dict[str, str]:
    """Return the files of ``ETC/rsyslog``: name to content.

    No value ends in a line feed: rsyslogd takes "on" with a line feed for "off". The
    switch comes last: if the files are written in this order, rsyslogd never reads
    rules whose values are missing.

    Raises:
        DropInError: an invalid address, port or sender, or too many senders.

    """
    if not 0 < values.port < 65536:
        raise DropInError(f"port {values.port} is not between 1 and 65535")
    try:
        # imudp accepts a star for all addresses of both families.
        address = values.address
        address = "*" if address == "*" else str(ipaddress.ip_address(address))
    except ValueError as error:
        raise DropInError(str(error)) from error
    switches = {
        "load-imudp": values.load_imudp,
        "load-omprog": values.load_omprog,
        "listen": values.listen,
    }
    return {
        **{name: "on" if is_on else "off" for name, is_on in switches.items()},
        "address": address,
        "port": str(values.port),
        "senders.json": sender_table(values.senders),
        SWITCH_514: switch("rsyslog-514.conf", active=values.active),
        SWITCH: switch("rsyslog.conf", active=values.active),
    }


def switch(rules: str, *, active: bool) -> str:
    """Return the content of a file that a drop-in includes.

    The rules are removed together with the package, hence a second optional include.
    """
    if not active:
        return "# omprog-panic is off; `omprog-panic status` shows why.\n"
    return f'include(file="{SHARE}/{rules}" mode="optional")\n'


def sender_table(senders: Iterable[str]) -> str:
    """Return the rsyslog lookup table that maps each of these senders to "listed".

    A network becomes one row a host, because rsyslogd compares addresses as text.

    Raises:
        DropInError: not an address or network, or more than ``MAX_LISTED`` hosts.

    """
    listed: set[Address] = set()
    for sender in senders:
        for address in _hosts_of(sender):
            listed.add(address)
            if len(listed) > MAX_LISTED:
                raise DropInError(f"{sender}: more than {MAX_LISTED} senders listed")
    ordered = sorted(listed, key=lambda address: (address.version, int(address)))
    rows = [{"index": str(address), "value": "listed"} for address in ordered]
    table = {"version": 1, "nomatch": "", "type": "string", "table": rows}
    return json.dumps(table, indent=0)


def _hosts_of(sender: str) -> Iterator[Address]:
    try:
        network = parse_network(sender)
    except ValueError as error:
        raise DropInError(str(error)) from error
    yield from network


def relocated(text: str, moves: Mapping[str, str]) -> str:
    """Return the same rules with other paths, for tests, the demo and a checkout.

    ``moves`` maps a path in the text (``ETC``, ``COLLECTOR``, ...) to its replacement;
    all are replaced in one pass.

    Raises:
        DropInError: a path that is not in the text, or a replacement that is not an
            absolute path of plain characters (rsyslogd accepts neither blanks nor
            quotes there).

    """
    for old, new in moves.items():
        if old not in text:
            raise DropInError(f"{old} is not in this file")
        if not _PLAIN_PATH.fullmatch(new):
            raise DropInError(f"{new!r} is not an absolute path of plain characters")
    longest_first = sorted(moves, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return pattern.sub(lambda match: moves[match.group()], text) if moves else text
