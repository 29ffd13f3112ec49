"""The files that config.yaml asks for, and what differs from them now. Pure."""

from __future__ import annotations

import dataclasses
import difflib
import json
from typing import TYPE_CHECKING

from omprog_panic.collector.allow import LOOPBACK
from omprog_panic.firewall.rules import FAMILIES, admissions, rules_file
from omprog_panic.rsyslog.dropin import (
    ETC,
    FILTER_FILE,
    RULESET,
    SWITCH_514,
    Values,
    value_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omprog_panic.apply.running import Difference
    from omprog_panic.config.model import Reception
    from omprog_panic.rsyslog.host_config import RsyslogStatement

FIREWALL = f"{ETC}/firewall"
ALLOWED = f"{ETC}/allowed"
FILTER = FILTER_FILE
_MADE = "# Made by `omprog-panic apply` from config.yaml: do not edit.\n"
_RESTARTING = frozenset({f"{ETC}/rsyslog/address", f"{ETC}/rsyslog/port", FILTER})
"""Files that rsyslogd reads only at its start; it reads senders.json at a HUP."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One file; ``old`` is None for a new file, ``new`` None for one to delete."""

    path: str
    old: str | None
    new: str | None

    def diff(self) -> Iterator[str]:
        """Return the lines of a unified diff."""
        yield from difflib.unified_diff(
            (self.old or "").splitlines(),
            (self.new or "").splitlines(),
            self.path if self.old is not None else "/dev/null",
            self.path if self.new is not None else "/dev/null",
            lineterm="",
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """All files that change, and what the running rsyslogd does otherwise."""

    changes: tuple[Change, ...]
    differences: tuple[Difference, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.differences

    @property
    def restarts(self) -> bool:
        """Whether rsyslogd has to be restarted."""
        return any(change.path in _RESTARTING for change in self.changes) or any(
            difference.needs_restart for difference in self.differences
        )

    @property
    def touches_firewall(self) -> bool:
        return any(change.path.startswith(FIREWALL) for change in self.changes)


def wanted_files(
    reception: Reception, *, filtered: bool, firewall: bool
) -> dict[str, str | None]:
    """Return the text of every file made from config.yaml, None for one to delete.

    ``filtered``: an input of the host's own configuration already receives on our
    port. ``firewall``: the administrator has applied the firewall rules before.
    """
    senders, receive = reception
    listed = tuple(str(network) for sender in senders for network in sender.networks)
    # The alerter's probe is sent from the address that it is sent to.
    own = "127.0.0.1" if receive.address == "*" else receive.address
    tabled = tuple(n for n in listed if _fits_table(n)) + ((own,) if filtered else ())
    values = value_files(
        Values(
            # Listen on loopback only until senders are listed.
            address=receive.address if senders else "127.0.0.1",
            port=receive.port,
            senders=tabled,
        )
    )
    files: dict[str, str | None] = {
        f"{ETC}/rsyslog/{name}": values[name]
        for name in ("address", "port", "senders.json")
    }
    files[ALLOWED] = _MADE + "".join(
        f"{net}\n" for net in dict.fromkeys((*LOOPBACK, own, *listed))
    )
    switch = f"{ETC}/rsyslog/{SWITCH_514}"
    include = f'include(file="{switch}" mode="optional")\n'
    files[FILTER] = _MADE + include if filtered else None
    if firewall and senders:
        admitted = admissions(senders)
        for family in FAMILIES:
            path = f"{FIREWALL}/rules.v{family}"
            files[path] = rules_file(family, admitted, receive.port)
    return files


def _fits_table(network: str) -> bool:
    # The table lists single hosts, which only gives each sender a log file. Datagrams
    # of a larger network reach the collector all the same.
    length = int(network.rpartition("/")[2])
    return length >= (112 if ":" in network else 20)


def make_plan(wanted: dict[str, str | None], read: Callable[[str], str | None]) -> Plan:
    """Compare with the files that exist."""
    changes = []
    for path, new in wanted.items():
        old = read(path)
        if old != new and not _is_equal(path, old, new):
            changes.append(Change(path, old, new))
    return Plan(tuple(changes))


def _is_equal(path: str, old: str | None, new: str | None) -> bool:
    if old is None or new is None or not path.endswith(".json"):
        return False
    try:
        return bool(json.loads(old) == json.loads(new))
    except ValueError:
        return False


def is_received_by_others(statements: list[RsyslogStatement], port: int) -> bool:
    """Return whether the host's own configuration has a UDP input on this port."""
    for statement in statements:
        if statement.name == "$udpserverrun":
            if statement.values[""] == str(port):
                return True
        elif (
            statement.name == "input"
            and statement.values.get("type") == "imudp"
            and not statement.is_off()
            and statement.values.get("ruleset") != RULESET
            and statement.values.get("port", "514") == str(port)
        ):
            return True
    return False
